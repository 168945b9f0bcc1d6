// Says in which language the page is, which Streamlit says is English.
export default function ({ data }) {
  document.documentElement.lang = data.language;
}
