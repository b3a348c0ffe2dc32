"use strict";
// The controls of the report. Without this script the page is a print-out; with it a reader's choices filter every chart, table and
// key figure that they apply to, are in the address, and go with each download. It asks the network for nothing.
(() => {
  const MARK = "\u2060"; // starts what a mark tells its reader
  const NAMES = {family: "Family", date: "Dates", tier: "Fee tier", segment: "Segment", horizon: "Horizon", rate: "Discount rate", view: "As shares"};
  const ONE_OF = ["horizon", "rate"]; // always one value, the page's own until another is chosen
  const ANY_OF = ["tier", "segment"]; // none chosen: all are shown
  const state = {family: "", from: "", to: "", view: "counts", horizon: "", rate: "", tier: new Set(), segment: new Set()};
  const form = document.getElementById("controls");
  let outer = null; // Airflow's page, where the report is in one of its frames
  try { if (parent !== window) outer = parent.document; } catch { /* another origin */ }
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const chapterOf = (element) => element.closest("article.chapter")?.id ?? "";
  const marked = all("[data-of]").map((element) => ({element, of: JSON.parse(element.dataset.of), chapter: chapterOf(element)}));
  const charts = all(".live").map((element) => {
    const spec = JSON.parse(element.querySelector("script").textContent);
    return {element, spec, rows: Object.values(spec.datasets).flat(), chapter: chapterOf(element), drawn: false};
  });

  function shows(of, chapter) {
    return Object.entries(of).every(([name, value]) => {
      if (name === "date") return !(state.from && value < state.from) && !(state.to && value > state.to);
      if (name === "family") return !state.family || state.family === value;
      if (ANY_OF.includes(name)) {
        const mine = [...state[name]].filter((key) => key.startsWith(`${chapter}:`));
        return !mine.length || mine.includes(`${chapter}:${value}`);
      }
      return !state[name] || state[name] === value;
    });
  }

  // What can be chosen: every value that some chart, row or figure is about.
  const choices = {};
  const learn = (of, chapter) => Object.entries(of).forEach(([name, value]) => {
    const values = ((choices[name] ??= new Map()).get(chapter) ?? choices[name].set(chapter, new Set()).get(chapter));
    values.add(value);
  });
  charts.forEach(({rows, chapter}) => rows.forEach((row) => learn(row.of ?? {}, chapter)));
  marked.forEach(({of, chapter}) => learn(of, chapter));
  for (const name of ONE_OF) state[name] = marked.find(({element, of}) => !element.hidden && of[name])?.of[name] ?? "";
  const own = {...state};

  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const names = (chapter) => new Map(Object.entries(JSON.parse((document.getElementById(chapter) ?? document.getElementById("main")).dataset.names ?? "{}")));
  const titleOf = (chapter) => document.getElementById(`${chapter}-title`)?.textContent ?? "";
  const leading = (text) => Number.parseFloat(text);
  const sorted = (values) => [...values].sort((a, b) => leading(a) - leading(b) || 0);

  function select(name, options) {
    const control = make("select", {name});
    options.forEach(([value, text]) => control.append(make("option", {value, textContent: text})));
    return make("label", {className: "control"}, make("span", {textContent: NAMES[name]}), control);
  }

  function several(name) {
    const list = make("div", {className: "choices"});
    for (const [chapter, values] of choices[name]) {
      const group = make("fieldset", {}, make("legend", {textContent: titleOf(chapter) || NAMES[name]}));
      (name === "tier" ? sorted(values) : [...values]).forEach((value) => {
        group.append(make("label", {}, make("input", {type: "checkbox", name, value: `${chapter}:${value}`}), names(chapter).get(value) ?? value));
      });
      list.append(group);
    }
    return make("details", {className: "control"}, make("summary", {}, make("span", {textContent: NAMES[name]}), make("b")), list);
  }

  function build() {
    const bar = form.querySelector(".bar-of-controls");
    if (choices.family) {
      const families = marked.filter(({element, of}) => element.matches("article") && of.family).map(({of}) => [of.family, titleOf(of.family)]);
      bar.append(select("family", [["", "All"], ...families]));
    }
    if (choices.date) {
      const days = [...choices.date.values()].flatMap((values) => [...values]).sort();
      const ends = ["from", "to"].map((name) => make("input", {type: "date", name, min: days[0], max: days.at(-1), ariaLabel: name === "from" ? "First day" : "Last day"}));
      bar.append(make("div", {className: "control", role: "group", ariaLabel: NAMES.date}, make("span", {textContent: NAMES.date}), ends[0], "\u2013", ends[1]));
    }
    ANY_OF.filter((name) => choices[name]).forEach((name) => bar.append(several(name)));
    for (const name of ONE_OF.filter((each) => choices[each])) {
      const values = sorted(new Set([...choices[name].values()].flatMap((each) => [...each])));
      bar.append(select(name, values.map((value) => [value, value])));
    }
    if (choices.view) bar.append(make("label", {className: "control switch"}, make("input", {type: "checkbox", name: "view", value: "shares"}), NAMES.view));
    bar.append(make("button", {type: "reset", textContent: "Reset"}));
    form.hidden = false;
  }

  function read() {
    for (const name of ["family", "from", "to", ...ONE_OF]) state[name] = form.elements[name]?.value ?? own[name];
    for (const name of ANY_OF) state[name] = new Set(all(`input[name=${name}]:checked`, form).map((input) => input.value));
    state.view = form.elements.view?.checked ? "shares" : "counts";
  }

  function write() {
    for (const name of ["family", "from", "to", ...ONE_OF]) if (form.elements[name]) form.elements[name].value = state[name];
    for (const name of ANY_OF) all(`input[name=${name}]`, form).forEach((input) => { input.checked = state[name].has(input.value); });
    if (form.elements.view) form.elements.view.checked = state.view === "shares";
  }

  function fromAddress() {
    const given = new URLSearchParams(location.search);
    for (const name of ["family", "from", "to", "view", ...ONE_OF]) {
      const value = given.get(name) ?? own[name];
      const known = name === "from" || name === "to" ? /^\d{4}-\d{2}-\d{2}$/.test(value) : [...(choices[name]?.values() ?? [])].some((values) => values.has(value));
      state[name] = known ? value : own[name];
    }
    for (const name of ANY_OF) {
      const known = (key) => choices[name]?.get(key.slice(0, key.indexOf(":")))?.has(key.slice(key.indexOf(":") + 1));
      state[name] = new Set(given.getAll(name).filter(known));
    }
  }

  function toAddress() {
    const given = new URLSearchParams();
    for (const name of ["family", "from", "to", "view", ...ONE_OF]) if (state[name] !== own[name]) given.set(name, state[name]);
    for (const name of ANY_OF) for (const value of state[name]) given.append(name, value);
    const query = given.toString();
    history.replaceState(null, "", `${location.pathname}${query ? `?${query}` : ""}${location.hash}`);
    form.classList.toggle("filtered", Boolean(query));
    for (const name of ANY_OF) {
      const count = form.querySelector(`details:has(input[name=${name}]) b`);
      if (count) count.textContent = state[name].size ? `${state[name].size} chosen` : "All";
    }
  }

  function apply() {
    marked.forEach(({element, of, chapter}) => { element.hidden = !shows(of, chapter); });
    all("table").forEach((table) => {
      const rows = all("tbody > tr[data-of]", table);
      table.classList.toggle("emptied", rows.length > 0 && rows.every((row) => row.hidden));
    });
    charts.forEach(redraw);
  }

  // A chart out of sight is drawn when it is looked at, and says until then that it is behind.
  function redraw(chart) {
    chart.drawn = false;
    if (chart.element.classList.contains("drawn")) chart.element.setAttribute("aria-busy", "true");
    if (chart.seen) draw(chart);
  }

  // A legend names what is drawn; it is beside its chart.
  function name(chart, rows) {
    all(".legend > [data-for]", chart.element.parentElement).forEach((entry) => {
      const wanted = Object.entries(JSON.parse(entry.dataset.for));
      entry.hidden = !rows.some((row) => wanted.every(([field, value]) => row[field] === value));
    });
  }

  // One drawing at a time: of two, the one that began first could end last, and an old choice would stay.
  async function draw(chart) {
    if (chart.drawn || chart.drawing || !chart.element.clientWidth) return;
    chart.drawing = true;
    chart.element.setAttribute("aria-busy", "true");
    try {
      while (!chart.drawn) {
        chart.drawn = true;
        await drawOnce(chart);
      }
      chart.element.removeAttribute("aria-busy");
    } finally {
      chart.drawing = false;
    }
  }

  async function drawOnce(chart) {
    const kept = (row) => !row.of || shows(row.of, chart.chapter);
    let place = chart.element.querySelector(":scope > .alive");
    if (!place) {
      place = make("div", {className: "alive"});
      chart.nothing = make("p", {className: "missing", textContent: "Nothing of this chart is in the selection."});
      chart.element.append(place, chart.nothing);
      attend(chart.element);
    }
    const choosable = chart.rows.filter((row) => row.of);
    const empty = choosable.length > 0 && !choosable.some(kept);
    place.hidden = empty;
    chart.nothing.hidden = !empty;
    const datasets = Object.fromEntries(Object.entries(chart.spec.datasets).map(([name, rows]) => [name, rows.filter(kept)]));
    const drawn = Object.values(datasets).flat();
    name(chart, drawn);
    const {step} = chart.spec.height; // of a row: Vega-Lite would say a warning of it
    const height = step ? step * new Set(drawn.filter((row) => row.told).map((row) => row.label ?? row.y)).size : chart.spec.height;
    const spec = {...structuredClone(chart.spec), datasets, height, width: Math.min(chart.element.clientWidth, chart.spec.width)};
    const {view} = await vegaEmbed(place, spec, {mode: "vega-lite", ast: true, actions: false, renderer: "svg", defaultStyle: false, tooltip: () => {}, logLevel: 1});
    const svg = place.querySelector("svg");
    svg.classList.add("drawing");
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", chart.element.dataset.said);
    all("[role], [aria-label]", svg).forEach((part) => { // what Vega makes up for each mark helps nobody who listens
      const said = part.getAttribute("aria-label");
      ["role", "aria-label", "aria-roledescription"].forEach((name) => part.removeAttribute(name));
      if (said?.startsWith(MARK)) part.dataset.told = said.slice(MARK.length);
    });
    chart.view?.finalize();
    chart.view = view;
    chart.element.classList.add("drawn");
  }

  // What a mark tells: to a pointer that rests on it, to a finger, and to the arrow keys.
  function attend(element) {
    const tip = make("p", {className: "tip", role: "status", hidden: true});
    element.append(tip);
    element.tabIndex = 0;
    element.setAttribute("role", "group");
    element.setAttribute("aria-label", "Chart. The arrow keys read its marks.");
    const marks = () => all("[data-told]", element);
    let at = -1;
    const tell = (mark) => {
      all(".told-now", element).forEach((each) => each.classList.remove("told-now"));
      tip.hidden = !mark;
      if (!mark) return;
      mark.classList.add("told-now");
      tip.textContent = mark.dataset.told;
      const box = mark.getBoundingClientRect(), around = element.getBoundingClientRect();
      const left = box.left + box.width / 2 - around.left - tip.offsetWidth / 2;
      tip.style.left = `${Math.max(0, Math.min(left, around.width - tip.offsetWidth))}px`;
      const above = box.top - around.top - tip.offsetHeight - 8;
      tip.style.top = `${above > -tip.offsetHeight ? above : box.bottom - around.top + 8}px`;
    };
    const near = (event) => {
      const hit = event.target.closest?.("[data-told]");
      if (hit) return hit;
      const reach = event.pointerType === "touch" ? 26 : 10;
      let best = null, least = reach;
      for (const mark of marks()) {
        const box = mark.getBoundingClientRect();
        const x = Math.max(box.left - event.clientX, 0, event.clientX - box.right), y = Math.max(box.top - event.clientY, 0, event.clientY - box.bottom);
        if (Math.hypot(x, y) < least) [best, least] = [mark, Math.hypot(x, y)];
      }
      return best;
    };
    element.addEventListener("pointermove", (event) => { if (event.pointerType !== "touch") tell(near(event)); });
    element.addEventListener("pointerdown", (event) => tell(near(event)));
    element.addEventListener("pointerleave", (event) => { if (event.pointerType !== "touch") tell(null); });
    element.addEventListener("blur", () => { at = -1; tell(null); });
    element.addEventListener("keydown", (event) => {
      const step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[event.key];
      if (event.key === "Escape") { at = -1; tell(null); }
      if (!step) return;
      event.preventDefault();
      const listed = marks();
      at = (at + step + listed.length) % listed.length;
      tell(listed[at]);
    });
  }

  // Downloads: the file's own lines, those left out whose segment, tier, date, horizon or rate is not chosen.
  async function contentOf(name) {
    const bytes = Uint8Array.from(atob(document.getElementById(`file:${name}`).textContent), (sign) => sign.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  }

  function records(text) {
    const found = [], cell = /("(?:[^"]|"")*"|[^",\n]*)(,|\n|$)/g;
    let start = 0, cells = [];
    while (start < text.length) {
      const match = cell.exec(text);
      cells.push(match[1].startsWith('"') ? match[1].slice(1, -1).replaceAll('""', '"') : match[1]);
      if (match[2] !== ",") {
        found.push({line: text.slice(start, cell.lastIndex), cells});
        [start, cells] = [cell.lastIndex, []];
      }
    }
    return found;
  }

  function same(name, chosen, cell) {
    if (chosen === cell || name === "segment") return chosen.toLowerCase() === cell.toLowerCase();
    return Math.abs(leading(chosen) / (chosen.endsWith("%") ? 100 : 1) - leading(cell)) < 1e-9;
  }

  async function filteredFile(name, columns, chapter) {
    const [header, ...rows] = records(await contentOf(name));
    const places = Object.entries(columns).map(([column, facet]) => [header.cells.indexOf(column), facet]);
    const keeps = ({cells}) => places.every(([place, facet]) => {
      const cell = cells[place];
      if (facet === "date") return !cell || (!(state.from && cell < state.from) && !(state.to && cell > state.to));
      if (ONE_OF.includes(facet)) return state[facet] === own[facet] || !cell || same(facet, state[facet], cell);
      const mine = [...state[facet]].filter((key) => key.startsWith(`${chapter}:`)).map((key) => key.slice(chapter.length + 1));
      return !mine.length || mine.some((chosen) => same(facet, chosen, cell));
    });
    return [header, ...rows.filter(keeps)].map(({line}) => line).join("");
  }

  all("button[data-file]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const {file, columns} = button.dataset;
      const text = await filteredFile(file, JSON.parse(columns), chapterOf(button));
      const href = URL.createObjectURL(new Blob([text], {type: "text/csv"}));
      save(href, file);
      setTimeout(() => URL.revokeObjectURL(href), 1000);
    });
  });

  // A frame of Airflow's may not download (3.2), but Airflow's own page may.
  function save(href, download) {
    const within = outer ?? document;
    const link = Object.assign(within.createElement("a"), {href, download});
    within.body.append(link);
    link.click();
    link.remove();
  }
  if (outer) {
    addEventListener("click", (event) => {
      const link = event.target.closest("a[href^='../']");
      if (!link || link.pathname.endsWith(".html")) return;
      event.preventDefault();
      save(link.href, "");
    });
    const theme = () => {
      const {classList} = outer.documentElement;
      document.documentElement.style.colorScheme = ["dark", "light"].find((each) => classList.contains(each)) ?? "";
    };
    theme();
    new MutationObserver(theme).observe(outer.documentElement, {attributes: true, attributeFilter: ["class"]});
  }

  // A phone begins with folded sections; a link into one, a search and print open them.
  const folds = all("details.fold");
  if (matchMedia("(max-width: 40rem)").matches) folds.forEach((fold) => { fold.open = false; });
  const unfold = () => { const fold = document.getElementById(location.hash.slice(1))?.querySelector(":scope > details.fold"); if (fold) fold.open = true; };
  addEventListener("hashchange", unfold);
  unfold();

  build();
  fromAddress();
  write();
  toAddress();
  const watch = new IntersectionObserver((entries) => entries.forEach((entry) => {
    const chart = charts.find(({element}) => element === entry.target);
    chart.seen = entry.isIntersecting;
    if (chart.seen) draw(chart);
  }), {rootMargin: "300px"});
  apply();
  charts.forEach(({element}) => watch.observe(element));
  form.addEventListener("change", () => { read(); toAddress(); apply(); });
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    Object.assign(state, own, {tier: new Set(), segment: new Set()});
    write(); toAddress(); apply();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  let width = innerWidth;
  addEventListener("resize", () => {
    if (width === innerWidth) return;
    width = innerWidth;
    charts.forEach(redraw);
  });
  addEventListener("beforeprint", () => { folds.forEach((fold) => { fold.open = true; }); charts.forEach(draw); });
})();
