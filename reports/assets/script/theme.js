// Light and dark: the reader's choice, else the site's, else the system's.

const THEME_KEY = "tillhouse.theme"; // pages from disk share their storage: keys carry our name
const stored = () => { try { return localStorage.getItem(THEME_KEY); } catch { return null; } };
const wanted = () => stored() || root.dataset.preference || "auto";
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
const resolved = () => {
  const theme = wanted();
  return theme === "auto" ? (systemIsDark.matches ? "dark" : "light") : theme;
};
const applyTheme = (theme) => { root.dataset.theme = theme; };
applyTheme(resolved());

const setTheme = (theme) => {
  try { localStorage.setItem(THEME_KEY, theme); } catch { /* a page from disk may not store */ }
  applyTheme(theme);
  redraw();
};
systemIsDark.addEventListener("change", () => {
  if (!printing && wanted() === "auto") { applyTheme(resolved()); redraw(); }
});
