// The script of all report pages: theme, charts, tables, downloads, printing.
// It makes no request and computes no figure: texts come with the data, formatted once.
"use strict";

const TILLHOUSE = (() => {
  const root = document.documentElement;
  const entries = new Map();
  const THEME_KEY = "tillhouse.theme";
  const NARROW = 520;
  let printing = false;

  // ---- theme -----------------------------------------------------------------------------------
  const stored = () => { try { return localStorage.getItem(THEME_KEY); } catch { return null; } };
  const wanted = () => stored() || root.dataset.preference || "auto";
  const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
  const resolved = () => {
    const theme = wanted();
    return theme === "auto" ? (systemIsDark.matches ? "dark" : "light") : theme;
  };
  const applyTheme = (theme) => { root.dataset.theme = theme; };
  applyTheme(resolved());

  // ---- charts ----------------------------------------------------------------------------------
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
      type: axis.kind === "date" ? "date" : "linear",
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
    if (axis.range) layout.range = axis.range;
    return layout;
  };

  const sizeOnScreen = (host) => ({ width: host.clientWidth, height: host.clientHeight });
  const draw = (host, size = sizeOnScreen(host)) => {
    const { frame, figure } = entries.get(host.dataset.chart);
    const style = getComputedStyle(root);
    const narrow = size.width < NARROW;
    const isCell = figure.hover === "cell";
    const layout = Object.assign({
      ...size,
      margin: { l: 4, r: 14, t: 8, b: 4, pad: 0 },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: style.getPropertyValue("--font").trim(), size: 12, color: style.getPropertyValue("--ink").trim() },
      showlegend: false,
      dragmode: false,
      hovermode: isCell ? "closest" : (figure.y.kind === "index" ? "y" : "x"),
      bargap: 0.28,
      xaxis: axisLayout(figure.x, narrow, style, false),
      yaxis: axisLayout(figure.y, narrow, style, true),
    }, resolve(figure.layout, frame, style));
    const traces = resolve(figure.traces, frame, style).map((trace) => ({ ...trace, hoverinfo: "none" }));
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
      if (!host.dataset.drawn) draw(host);
      setTimeout(next, 0);
    };
    next();
  };
  const redraw = () => charts().filter((host) => host.dataset.drawn).forEach((host) => draw(host));

  // ---- hover: one box of ours, with the texts that the table shows -------------------------------
  let tip = null;
  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const textOf = (column, row) => (column.text || column.raw)[row];
  const hideTip = () => { if (tip) tip.hidden = true; };
  const showTip = (host, event) => {
    const { frame, figure } = entries.get(host.dataset.chart);
    const point = event.points[0];
    const cell = figure.hover === "cell";
    const row = cell ? point.pointNumber[1] : point.pointNumber;
    const shown = cell ? [point.pointNumber[0] + 1] : frame.columns.map((_, index) => index).slice(1);
    if (!tip) { tip = document.body.appendChild(element("div", "tip")); tip.setAttribute("aria-hidden", "true"); }
    tip.replaceChildren(element("p", "tip-title", textOf(frame.columns[0], row)));
    for (const index of shown) {
      if (frame.columns[index].raw[row] === null) continue;
      const line = element("p", "tip-row");
      const key = element("span", "key box");
      key.style.setProperty("--colour", figure.colours[index - 1] || "var(--series-1)");
      if (!cell) line.append(key);
      line.append(element("span", "", frame.columns[index].label), element("b", "", textOf(frame.columns[index], row)));
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

  // ---- tables ----------------------------------------------------------------------------------
  const compare = (first, second) => {
    if (first === "" || second === "") return first === second ? 0 : first === "" ? 1 : -1;
    const numbers = [Number(first), Number(second)];
    return numbers.some(Number.isNaN) ? first.localeCompare(second, root.lang) : numbers[0] - numbers[1];
  };
  const sortBy = (button) => {
    const head = button.closest("th");
    const table = head.closest("table");
    const column = [...head.parentNode.children].indexOf(head);
    const first = head.classList.contains("number") ? "descending" : "ascending";
    const other = first === "ascending" ? "descending" : "ascending";
    const direction = head.getAttribute("aria-sort") === first ? other : first;
    for (const cell of head.parentNode.children) cell.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", direction);
    const body = table.tBodies[0];
    const key = (row) => row.cells[column].dataset.sort;
    const rows = [...body.rows].sort((a, b) => {
      const missing = (key(a) === "") - (key(b) === "");
      if (missing) return missing;
      return direction === "ascending" ? compare(key(a), key(b)) : compare(key(b), key(a));
    });
    body.append(...rows);
  };

  // ---- the data behind an item -----------------------------------------------------------------
  const fillRows = (details) => {
    const place = details.querySelector("[data-rows]");
    const { frame } = entries.get(details.dataset.behind);
    if (!place || place.firstChild) return;
    const table = element("table");
    const head = table.createTHead().insertRow();
    for (const column of frame.columns) {
      const cell = head.appendChild(element("th", column.number ? "number" : "", column.label));
      cell.scope = "col";
    }
    const body = table.createTBody();
    frame.columns[0].raw.forEach((_, row) => {
      const line = body.insertRow();
      for (const column of frame.columns) {
        line.append(element("td", column.number ? "number" : "", String(textOf(column, row) ?? "–")));
      }
    });
    place.append(table);
  };
  /** A cell of a CSV file. A text that a spreadsheet would run as a formula gets an apostrophe. */
  const csvCell = (value, isNumber) => {
    if (value === null || value === undefined) return "";
    let text = String(value);
    if (!isNumber && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const csvOf = (frame) => {
    const lines = [frame.columns.map((column) => csvCell(column.name, false))];
    frame.columns[0].raw.forEach((_, row) => {
      lines.push(frame.columns.map((column) => csvCell(column.raw[row], typeof column.raw[row] === "number")));
    });
    return lines.map((line) => line.join(",")).join("\r\n") + "\r\n";
  };
  const download = (name, text) => {
    const link = element("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  // ---- printing: on paper every page is light, and every chart is there -------------------------
  const PAPER = 680;
  const sizeOnPaper = (host) => {
    const isHalf = host.closest(".item").classList.contains("half");
    return { width: isHalf ? PAPER / 2 - 26 : PAPER, height: parseFloat(host.style.height) };
  };
  addEventListener("beforeprint", () => {
    printing = true;
    hideTip();
    applyTheme("light");
    charts().forEach((host) => draw(host, sizeOnPaper(host)));
  });
  addEventListener("afterprint", () => {
    printing = false;
    applyTheme(resolved());
    redraw();
  });

  // ---- wiring ----------------------------------------------------------------------------------
  const setTheme = (theme) => {
    try { localStorage.setItem(THEME_KEY, theme); } catch { /* a page from disk may not store */ }
    applyTheme(theme);
    redraw();
  };
  systemIsDark.addEventListener("change", () => {
    if (!printing && wanted() === "auto") { applyTheme(resolved()); redraw(); }
  });
  addEventListener("DOMContentLoaded", () => {
    document.querySelector("[data-theme-switch]")
      .addEventListener("click", () => setTheme(root.dataset.theme === "dark" ? "light" : "dark"));
    for (const button of document.querySelectorAll("[data-sortable] th button")) {
      button.addEventListener("click", () => sortBy(button));
    }
    for (const details of document.querySelectorAll("[data-behind]")) {
      details.addEventListener("toggle", () => { if (details.open) fillRows(details); });
      details.querySelector("[data-csv]").addEventListener("click", () => {
        download(`${details.dataset.behind}.csv`, csvOf(entries.get(details.dataset.behind).frame));
      });
    }
    drawAll();
  });

  return { add: (id, entry) => entries.set(id, entry), csvOf };
})();
