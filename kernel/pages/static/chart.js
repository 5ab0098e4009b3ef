// Draws the charts of chart.html with ECharts and keeps picture and table in step with the stream (live.js).
// Everything on the canvas comes from data; colours differ in lightness too, and every chart has its table.

const lang = document.documentElement.lang === "en" ? "EN" : "VI";
const numbers = new Intl.NumberFormat(lang === "EN" ? "en-GB" : "vi-VN", { maximumFractionDigits: 3 });
const COLOURS = ["#0f6a8b", "#e0a02b", "#7a3e6d", "#5b8c5a", "#b5482f", "#4b5d7a", "#a9a392"];
const INK = "#23303b";
const MUTED = "#55626d";
const LINE = "#dcd7cb";
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

const write = (value) => (value === null || value === undefined ? "–" : numbers.format(value));

const lying = (chart) => ["rows", "parts", "spans"].includes(chart.kind);

// Each interval as a bar from its low to its high end, with the value as a point. The bar stands on one that can't be
// seen.
function spansOf(chart) {
  const [value, low, high] = chart.series;
  const bar = { type: "bar", stack: "span", barWidth: 10 };
  const point = (each, at) => [each, at];
  return [
    { ...bar, data: low.values, itemStyle: { color: "transparent" }, silent: true, tooltip: { show: false } },
    {
      ...bar,
      data: high.values.map((each, at) => (each === null ? null : each - low.values[at])),
      itemStyle: { color: "#86b3c4", borderRadius: 5 },
      silent: true,
    },
    { name: value.name, type: "scatter", symbolSize: 9, data: value.values.map(point), itemStyle: { color: COLOURS[0] } },
  ];
}

const spanSaid = (chart) => (each) => {
  const at = Array.isArray(each) ? each[0].dataIndex : each.dataIndex;
  const said = chart.series.map(({ name, values }) => `${name}: ${write(values[at])}${chart.unit || ""}`);
  return [chart.labels[at], ...said].join("\n");
};

function option(chart, width) {
  const spans = chart.kind === "spans";
  const rows = lying(chart);
  const stack = chart.kind === "stack" || chart.kind === "parts" ? "all" : undefined;
  const common = {
    color: chart.colours || COLOURS,
    animation: !still,
    animationDurationUpdate: 400,
    textStyle: { fontFamily: "'Be Vietnam Pro', system-ui, sans-serif", color: INK, fontSize: 13 },
    // Drawn on the canvas, because the page's security policy allows no inline style.
    tooltip: {
      renderMode: "richText",
      trigger: chart.kind === "share" ? "item" : "axis",
      axisPointer: { type: chart.kind === "line" ? "line" : "shadow" },
      valueFormatter: (value) => write(value) + (chart.unit ? ` ${chart.unit}` : ""),
      ...(spans ? { formatter: spanSaid(chart) } : {}),
      textStyle: { color: INK },
      confine: true,
    },
    legend: (chart.series.length > 1 && !spans) || chart.kind === "share" ? { type: "scroll", top: 0, left: 0, icon: "roundRect", itemWidth: 14, textStyle: { color: INK } } : undefined,
  };
  if (chart.kind === "share") {
    return {
      ...common,
      series: [
        {
          type: "pie",
          radius: ["46%", "72%"],
          center: ["50%", "56%"],
          label: { formatter: (each) => `${each.name}\n${write(each.value)}`, color: INK },
          data: chart.labels.map((name, at) => ({ name, value: chart.series[0].values[at] })),
        },
      ],
    };
  }
  const names = {
    type: "category",
    data: chart.labels,
    inverse: rows,
    axisLine: { lineStyle: { color: MUTED } },
    axisTick: { show: false },
    axisLabel: { color: MUTED, hideOverlap: true, ...(rows ? { width: Math.min(220, width * 0.4), overflow: "truncate" } : {}) },
  };
  const values = {
    type: "value",
    minInterval: 1,
    min: chart.least,
    max: chart.most,
    splitNumber: rows && width < 420 ? 3 : 5,
    axisLabel: { color: MUTED, hideOverlap: true, formatter: (value) => numbers.format(value) },
    splitLine: { lineStyle: { color: LINE } },
  };
  return {
    ...common,
    grid: { left: 4, right: 16, top: common.legend ? 40 : 16, bottom: 4, containLabel: true },
    xAxis: rows ? values : names,
    yAxis: rows ? names : values,
    series: spans ? spansOf(chart) : chart.series.map((each) => ({
      name: each.name,
      type: chart.kind === "line" ? "line" : "bar",
      stack,
      data: each.values,
      barMaxWidth: 34,
      showSymbol: chart.labels.length < 32,
      symbolSize: 6,
      itemStyle: chart.kind === "line" || stack ? {} : { borderRadius: rows ? [0, 3, 3, 0] : [3, 3, 0, 0] },
    })),
  };
}

function draw(figure, chart) {
  const box = figure.querySelector("[data-chart]");
  box.hidden = false;
  if (lying(chart)) {
    const each = chart.kind === "rows" ? 14 + 18 * chart.series.length : 36;
    box.style.height = `${Math.max(180, 60 + chart.labels.length * each)}px`;
  }
  const picture = echarts.getInstanceByDom(box) || echarts.init(box, null, { renderer: "canvas", locale: lang });
  picture.setOption(option(chart, box.clientWidth), { replaceMerge: ["series"] });
  figure.chart = chart;
}

function fill(figure, chart) {
  const cell = (kind, text, number) => {
    const made = document.createElement(kind);
    made.textContent = text;
    if (kind === "th") made.scope = number === undefined ? "row" : "col";
    if (number) made.className = "number";
    return made;
  };
  const head = figure.querySelector("thead tr");
  head.replaceChildren(head.firstElementChild, ...chart.series.map((each) => cell("th", each.name, true)));
  figure.querySelector("tbody").replaceChildren(
    ...chart.labels.map((label, at) => {
      const row = document.createElement("tr");
      row.append(cell("th", label), ...chart.series.map((each) => cell("td", write(each.values[at]), true)));
      return row;
    }),
  );
}

if (window.echarts) {
  const figures = [...document.querySelectorAll("[data-chart-name]")];
  // The letters of Be Vietnam Pro must be there before a canvas is written with them.
  await document.fonts.ready;
  figures.forEach((each) => draw(each, JSON.parse(each.querySelector("[data-chart]").dataset.chart)));
  const watch = new ResizeObserver((seen) => seen.forEach(({ target }) => echarts.getInstanceByDom(target)?.resize()));
  figures.forEach((each) => watch.observe(each.querySelector("[data-chart]")));
}

document.addEventListener("motcua:chart", ({ detail }) => {
  const figure = document.querySelector(`[data-chart-name="${CSS.escape(detail.name)}"]`);
  if (!figure) return;
  const chart = { ...JSON.parse(figure.querySelector("[data-chart]").dataset.chart), ...detail };
  fill(figure, chart);
  if (window.echarts) draw(figure, chart);
});
