// Streamlit reads the choice of the page that is loaded first, so it is set for all of them.
const PREFIX = "stActiveTheme-";

// How the choice for a page is called; Streamlit has written one for the page it loaded.
function keyOf(path) {
  const known = Object.keys(localStorage).find((key) => /^stActiveTheme-.*-v\d+$/.test(key));
  return `${PREFIX}${path}-${known ? known.match(/v\d+$/)[0] : "v2"}`;
}

function paths() {
  const links = document.querySelectorAll(".st-key-navigation a[href]");
  return ["/", location.pathname, ...[...links].map((link) => new URL(link.href).pathname)];
}

function choose(theme) {
  for (const path of paths()) localStorage.setItem(keyOf(path), JSON.stringify(theme));
  location.reload();
}

export default function ({ parentElement, data }) {
  const stored = localStorage.getItem(keyOf(location.pathname));
  const present = stored ? JSON.parse(stored) : "System";
  parentElement.querySelector("legend").textContent = data.legend;
  for (const radio of parentElement.querySelectorAll("input")) {
    radio.checked = radio.value === present;
    radio.nextElementSibling.textContent = data[radio.value];
    radio.onchange = () => choose(radio.value);
  }
}
