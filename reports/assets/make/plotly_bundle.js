// Plotly with the traces that our charts use, and no map: `make assets` bundles it from here.
// A trace that a chart begins to use is added here; the wheel's file has them all.
import Plotly from "plotly.js/lib/core"; // scatter is part of it
import bar from "plotly.js/lib/bar";
import box from "plotly.js/lib/box";
import funnel from "plotly.js/lib/funnel";
import heatmap from "plotly.js/lib/heatmap";
import histogram from "plotly.js/lib/histogram";
import treemap from "plotly.js/lib/treemap";
import violin from "plotly.js/lib/violin";
import waterfall from "plotly.js/lib/waterfall";

Plotly.register([bar, box, funnel, heatmap, histogram, treemap, violin, waterfall]);
globalThis.Plotly = Plotly;
