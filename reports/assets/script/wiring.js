// Starts everything when the page is there.

addEventListener("DOMContentLoaded", () => {
  document.querySelector("[data-theme-switch]")
    ?.addEventListener("click", () => setTheme(root.dataset.theme === "dark" ? "light" : "dark"));
  startTables();
  startBehind();
  startFilters();
  startSearch();
  startNavigation();
  drawAll();
});
