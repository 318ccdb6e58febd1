// On paper every page is light, every chart is there, and tables have their rows up to a cap.

const PAPER = 680;
const sizeOnPaper = (host) => {
  const isHalf = host.closest(".item").classList.contains("half");
  return { width: isHalf ? PAPER / 2 - 26 : PAPER, height: parseFloat(host.style.height) };
};
addEventListener("beforeprint", () => {
  printing = true;
  hideTip();
  applyTheme("light");
  for (const fold of document.querySelectorAll("details.fold:not([open])")) { fold.open = true; fold.dataset.shut = ""; }
  charts().forEach((host) => draw(host, sizeOnPaper(host)));
  refillTables();
});
addEventListener("afterprint", () => {
  printing = false;
  applyTheme(resolved());
  for (const fold of document.querySelectorAll("[data-shut]")) { fold.open = false; delete fold.dataset.shut; }
  redraw();
  refillTables();
});
