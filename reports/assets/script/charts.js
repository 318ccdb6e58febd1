// Draws the figures that reports/figures.py makes: columns and colours are put in here.

const NARROW = 520; // pixels; a chart below has fewer labels

/** Replace `{"$": n}` by a column, `{"$index": true}` by counted places, `var(--x)` by a colour. */
const resolve = (value, frame, style) => {
  if (typeof value === "string") {
    const match = /^var\((--[\w-]+)\)$/.exec(value);
    return match ? style.getPropertyValue(match[1]).trim() : value;
  }
  if (Array.isArray(value)) return value.map((part) => resolve(part, frame, style));
  if (value && typeof value === "object") {
    if ("$" in value) return frame.columns[value.$].raw;
    if ("$index" in value) return frame.columns[0].raw.map((_, index) => index);
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, resolve(part, frame, style)]));
  }
  return value;
};

const axisLayout = (axis, narrow, style, vertical) => {
  const colour = (name) => style.getPropertyValue(name).trim();
  const ticks = (narrow && axis.narrow) || axis.ticks || [];
  const layout = {
    type: { date: "date", log: "log" }[axis.kind] ?? "linear",
    tickmode: "array",
    tickvals: ticks.map((tick) => tick[0]),
    ticktext: ticks.map((tick) => tick[1]),
    tickfont: { size: 12, color: colour("--ink-2") },
    showgrid: Boolean(axis.grid),
    gridcolor: colour("--grid"),
    zeroline: axis.kind === "value",
    zerolinecolor: colour("--axis"),
    zerolinewidth: 1,
    showline: false,
    ticks: "",
    automargin: vertical ? true : "height",
    fixedrange: true,
    ticklabelstandoff: 4,
    ticklabeloverflow: "allow", // else Plotly hides the label of the last day
  };
  if (axis.kind === "index" && ticks.some((tick) => tick[1].includes("<br>"))) { // broken into lines: never turned
    layout.tickangle = 0;
    if (narrow) layout.tickfont.size = 11;
  }
  if (axis.title) layout.title = { text: axis.title, font: { size: 12, color: colour("--ink-2") }, standoff: 6 };
  if (axis.range) layout.range = axis.range;
  return layout;
};

/** What an item shows now: its figure under the filters, else the one it came with. */
const shownOf = (id) => { const entry = entries.get(id); return entry.shown || entry; };

/** Plotly's traces and layout of a figure at a size. */
const plotOf = (frame, figure, size) => {
  const style = getComputedStyle(root);
  const narrow = size.width < NARROW;
  const isClosest = figure.hover === "cell" || figure.hover === "point";
  const layout = Object.assign({
    ...size,
    margin: { l: 4, r: 14, t: 8, b: 4, pad: 0 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: style.getPropertyValue("--font").trim(), size: 12, color: style.getPropertyValue("--ink").trim() },
    showlegend: false,
    dragmode: false,
    hovermode: isClosest ? "closest" : (figure.y.kind === "index" ? "y" : "x"),
    bargap: 0.28,
    uniformtext: { mode: "show", minsize: 9 }, // else each label of a bar shrinks by itself
    xaxis: axisLayout(figure.x, narrow, style, false),
    yaxis: axisLayout(figure.y, narrow, style, true),
  }, resolve(figure.layout, frame, style));
  const traces = resolve(figure.traces, frame, style).map((trace) => ({ hoverinfo: "none", ...trace }));
  return { traces, layout };
};

const sizeOnScreen = (host) => ({ width: host.clientWidth, height: host.clientHeight });
const draw = (host, size = sizeOnScreen(host)) => {
  if (!size.width) return; // folded away, or without rows
  const { frame, figure } = shownOf(host.dataset.chart);
  const { traces, layout } = plotOf(frame, figure, size);
  Plotly.react(host, traces, layout, {
    displayModeBar: false, showSendToCloud: false, doubleClick: false, scrollZoom: false,
  });
  host.dataset.size = `${size.width}x${size.height}`;
  if (!host.dataset.drawn) {
    host.dataset.drawn = "true";
    resizes.observe(host);
    host.on("plotly_hover", (event) => showTip(host, event));
    host.on("plotly_unhover", hideTip);
    host.addEventListener("mouseleave", hideTip);
  }
  // Plotly names its graphics as an image too; the container already carries the description.
  for (const svg of host.querySelectorAll("svg")) svg.setAttribute("aria-hidden", "true");
};

// A card grows and shrinks with its neighbours, also when somebody opens the data behind one.
const resizes = new ResizeObserver((seen) => {
  for (const { target } of seen) {
    const size = sizeOnScreen(target);
    if (!printing && size.width && `${size.width}x${size.height}` !== target.dataset.size) draw(target);
  }
});

const charts = () => [...document.querySelectorAll("[data-chart]")];
const drawAll = () => {
  const waiting = charts();
  const next = () => {
    const host = waiting.shift();
    if (!host) { root.dataset.ready = "true"; return; }
    if (!host.dataset.drawn) {
      if (host.clientWidth) draw(host);
      else resizes.observe(host); // folded away or without rows: drawn once it can be seen
    }
    setTimeout(next, 0);
  };
  next();
};
const redraw = () => charts().filter((host) => host.dataset.drawn).forEach((host) => draw(host));
