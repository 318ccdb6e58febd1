// What all parts of the script share. It makes no request; figures come with the page, or are
// computed from the rows that come with it. The parts are put together by reports/page_script.py.

const root = document.documentElement;
const entries = new Map(); // what each item shipped, by its id
const language = { tag: root.lang || "en", formats: { missing: "–", numbers: {}, dates: {} }, words: {}, axes: [] };
let printing = false;

/** The site's language: formats and words, as reports/page_script.py ships them. */
const speak = (shipped) => Object.assign(language, shipped);

/** A text of ours with its values; a number is written as a whole one. */
const say = (key, values = {}) => (language.words[key] || key).replace(/\{(\w+)\}/g, (_, name) => {
  const value = values[name];
  return typeof value === "number" ? writeNumber("int", value) : String(value);
});

const element = (name, className, text) => {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
};
const button = (text, onclick, className = "button") => {
  const made = element("button", className, text);
  made.type = "button";
  made.addEventListener("click", onclick);
  return made;
};
const SVG = "http://www.w3.org/2000/svg";

/** An address within the site, to the web or to a mailbox; null for anything that could run, and in a
    page that was sent as one file for the other pages of the site, which are not there. */
const ADDRESSES = "single" in root.dataset
  ? /^(?:https?:\/\/|mailto:|#)/i
  : /^(?:https?:\/\/|mailto:|#|[\w.-]+\.html(?:[?#]|$))/i;
const safeAddress = (address) => (typeof address === "string" && ADDRESSES.test(address) ? address : null);
