// Copies the text that it is given, and says so in the words that it is given.
export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button");
  const icon = button.querySelector("span");
  const said = parentElement.querySelector("[role=status]");
  button.title = button.ariaLabel = data.label;
  button.onclick = async () => {
    let copied = true;
    try {
      await navigator.clipboard.writeText(data.text);
    } catch {
      copied = false;
    }
    said.textContent = copied ? data.copied : data.failed;
    icon.textContent = copied ? "check" : "error";
    setTimeout(() => {
      said.textContent = "";
      icon.textContent = "content_copy";
    }, 2000);
  };
}
