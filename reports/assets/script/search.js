// Search over all pages: in a box that the key / opens on every page, and in the list of pages. The list of
// what there is comes as a script (reports/page_list.py) when somebody first asks for it.

const MOST_FOUND = 12;
let places = null; // everything that can be found, once the list is there
const waiting = []; // who wants to know when it is

/** What TILLHOUSE.pages was called with, as one entry per place, pages first. */
const usePages = (shipped) => {
  const entry = (kind, title, where, href, hidden = "") => {
    const name = plainText(title);
    return { kind, title, where, href, name, words: name.split(/[^\p{L}\p{N}]+/u), all: `${name}\n${plainText(where)}\n${plainText(hidden)}` };
  };
  places = [
    ...shipped.map(({ id, title, text }) => entry(0, title, text, `${id}.html`)),
    ...shipped.flatMap(({ id, title, parts }) => parts.map(([part, name]) => entry(1, name, title, `${id}.html#${part}`))),
    ...shipped.flatMap(({ id, title, children }) => children.map(([file, name]) => entry(2, name, title, `${file}.html`, file))),
  ].filter(({ href }) => safeAddress(href));
  for (const tell of waiting.splice(0)) tell();
};
const loadPages = (address, tell) => {
  if (places) { tell(); return; }
  waiting.push(tell);
  if (document.querySelector("script[data-pages]")) return;
  const script = element("script");
  script.dataset.pages = "";
  script.src = address;
  document.head.append(script);
};

/** How near an entry is to what was asked: 0 is the name itself; null where a word is missing. */
const nearness = (entry, asked, words) => {
  if (!words.every((word) => entry.all.includes(word))) return null;
  if (entry.name === asked) return 0;
  if (entry.name.startsWith(asked)) return 1;
  if (words.every((word) => entry.words.some((one) => one.startsWith(word)))) return 2;
  return words.every((word) => entry.name.includes(word)) ? 3 : 4;
};
const findPlaces = (query) => {
  const asked = plainText(query).trim();
  const words = asked.split(/\s+/).filter(Boolean);
  if (!words.length) return places.filter((entry) => entry.kind === 0);
  return places.map((entry, place) => ({ entry, place, near: nearness(entry, asked, words) }))
    .filter(({ near }) => near !== null)
    .sort((a, b) => a.near - b.near || a.entry.kind - b.entry.kind || a.place - b.place)
    .map(({ entry }) => entry);
};

const resultOf = ({ kind, title, where, href }) => {
  const line = element("li");
  const link = line.appendChild(element("a"));
  link.setAttribute("href", href);
  link.append(element("b", "", title));
  if (where) link.append(element("span", "", kind === 0 ? where : say("found_in", { page: where })));
  return line;
};

/** A field with what it finds below; `asking` is told whether there is a question. */
const finder = (host, address, asking = () => {}) => {
  const input = element("input", "search");
  Object.assign(input, { type: "search", placeholder: say("find_placeholder"), autocomplete: "off", spellcheck: false });
  input.setAttribute("aria-label", say("find"));
  const told = element("p", "note");
  told.setAttribute("role", "status");
  const list = element("ul", "found");
  host.append(input, told, list);
  const show = () => {
    if (!places) return;
    const query = input.value.trim();
    asking(Boolean(query));
    const found = findPlaces(query);
    const shown = query ? found.slice(0, MOST_FOUND) : found;
    list.replaceChildren(...shown.map(resultOf));
    told.textContent = !query ? "" : !found.length ? say("found_none", { query })
      : found.length > shown.length ? say("found_some", { shown: shown.length, count: found.length }) : "";
  };
  input.addEventListener("input", () => loadPages(address, show));
  host.addEventListener("keydown", (event) => {
    const links = [...list.querySelectorAll("a")];
    const here = links.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      (links[Math.min(here + step, links.length - 1)] ?? input).focus();
    } else if (event.key === "Enter" && document.activeElement === input && input.value.trim()) links[0]?.click();
    else if (event.key === "Escape" && input.value && !host.closest("dialog")) { input.value = ""; show(); input.focus(); }
  });
  list.addEventListener("click", (event) => { if (event.target.closest("a")) host.closest("dialog")?.close(); });
  return { input, show };
};

const startSearch = () => {
  const open = document.querySelector("[data-find]");
  if (!open) return; // a page that was sent as one file has no others to find
  const address = open.dataset.find;
  const place = document.querySelector("[data-finder]");
  let ask;
  if (place) {
    const rest = document.querySelector("[data-unasked]");
    const { input, show } = finder(place, address, (isAsked) => {
      rest.hidden = isAsked;
      place.classList.toggle("asked", isAsked);
    });
    loadPages(address, show);
    ask = () => input.focus();
  } else {
    let own = null;
    const make = () => {
      const box = element("dialog", "finder");
      box.setAttribute("aria-label", say("find"));
      document.body.append(box);
      const made = finder(box, address);
      box.append(button(say("close"), () => box.close()));
      box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
      return { box, ...made };
    };
    ask = () => {
      own ||= make();
      own.input.value = "";
      if (!own.box.open) own.box.showModal();
      loadPages(address, own.show);
      own.input.focus();
    };
  }
  if (!place) open.addEventListener("click", ask);
  addEventListener("keydown", (event) => {
    const isTyping = event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable]");
    const isSlash = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (!isSlash || isTyping) return;
    event.preventDefault();
    ask();
  });
};
