// One box of ours at the pointer, with the texts that the table shows.

let tip = null;
const hideTip = () => { if (tip) tip.hidden = true; };
const showTip = (host, event) => {
  const { frame, figure } = shownOf(host.dataset.chart);
  const point = event.points[0];
  const cell = figure.hover === "cell";
  // A box has no number of its own, but stands at the place of its row.
  const row = cell ? point.pointNumber[1] : point.pointNumber ?? Math.round(figure.y.kind === "index" ? point.y : point.x);
  const shown = cell ? [point.pointNumber[0] + 1] : figure.tip || frame.columns.map((_, index) => index).slice(1);
  if (!tip) { tip = document.body.appendChild(element("div", "tip")); tip.setAttribute("aria-hidden", "true"); }
  tip.replaceChildren(element("p", "tip-title", textOf(frame.columns[0], row)));
  const total = figure.hover === "share" && shown.reduce((sum, index) => sum + (frame.columns[index].raw[row] ?? 0), 0);
  for (const index of shown) {
    if (frame.columns[index].raw[row] === null) continue;
    const line = element("p", "tip-row");
    const key = element("span", "key box");
    key.style.setProperty("--colour", figure.colours[index - 1] || "var(--series-1)");
    if (figure.colours[index - 1]) line.append(key);
    const share = total ? ` (${writeNumber("rate0", frame.columns[index].raw[row] / total)})` : "";
    line.append(element("span", "", frame.columns[index].label), element("b", "", textOf(frame.columns[index], row) + share));
    tip.append(line);
  }
  tip.hidden = false;
  const box = host.getBoundingClientRect();
  const at = event.event;
  const left = Math.min(Math.max(8, at.clientX + 14), innerWidth - tip.offsetWidth - 8);
  const flips = at.clientX + 14 + tip.offsetWidth + 8 > innerWidth;
  tip.style.left = `${(flips ? Math.max(8, at.clientX - tip.offsetWidth - 14) : left) + scrollX}px`;
  tip.style.top = `${Math.max(box.top, at.clientY - tip.offsetHeight - 10) + scrollY}px`;
};

addEventListener("keydown", (event) => { if (event.key === "Escape") hideTip(); });
