// The start page: reads a choice off its form or its address, works out what it takes, shows it.
// What is called as in catalogue/*.jinja follows the rule there; data.js has what it works on.
"use strict";

const data = window.SEEDBED;
const NAMES = {
  framework: "Framework", libraries: "Libraries", env_manager: "Manager", python_version: "Python",
  accelerator: "Build", extras: "Extras", shells: "Shells", scale_out: "Scale-out", license: "Licence",
};
const ORDER = ["framework", "libraries", "python_version", "accelerator", "env_manager", "extras", "shells", "scale_out", "license"];
const several = (key) => key === "libraries" || data.questions[key].several;
const standard = (key) => (key === "libraries" ? data.kinds.notebooks.libraries : data.questions[key].default);
const find = (id) => document.getElementById(id);

// ---- What a choice takes

// The libraries that are chosen and needed (choices.jinja, derived.jinja).
function needed(answers) {
  return [...data.frameworks[answers.framework], ...(answers.framework === "none" ? [] : data.starter)];
}

function chosen(answers) {
  const swept = answers.extras.includes("sweep") ? ["optuna"] : [];
  return new Set([...needed(answers), ...answers.libraries, ...answers.scale_out, ...swept]);
}

const builds = (accelerator) => accelerator.replace(/[[\]]/g, "").split(", ");

// The entries of the catalogue for what is chosen, as a build wants them (accelerators.jinja).
function entries(names, build) {
  const instead = Object.fromEntries(data.variants.filter((each) => each.accelerator === build).map((each) => [each.of, each]));
  return data.libraries.filter((each) => names.has(each.name)).map((each) => instead[each.name] ?? each);
}

// The builds besides the default that what is chosen can be had with.
function offered(names) {
  const found = [];
  for (const entry of data.libraries.filter((each) => names.has(each.name))) {
    found.push(...data.variants.filter((each) => each.of === entry.name).map((each) => each.accelerator));
    if (Object.keys(entry.cuda).length) found.push("cuda");
    if (entry.torch) found.push(...Object.keys(data.torch));
  }
  return found.length ? ["cpu", ...found] : [];
}

// The Pythons for which all of it has wheels, and one CUDA at most.
function pythons(names, accelerator) {
  return data.python.filter((python) => builds(accelerator).every((build) => {
    const all = entries(names, build);
    const cuda = new Set(all.flatMap((each) => each.cuda[python] ?? []));
    return all.every((each) => each.pythons.includes(python)) && (cuda.size < 2 || build === "cpu" || build === "rocm");
  }));
}

function torchBuild(names, accelerator) {
  return builds(accelerator).some((build) => data.torch[build] && entries(names, build).some((each) => each.torch));
}

// Why it cannot be, "" where it can.
function problem(answers, names) {
  const { python_version: python, accelerator, env_manager: manager } = answers;
  const fitting = pythons(names, accelerator);
  if (answers.extras.includes("sweep") && answers.framework === "none") return "A sweep searches for settings of the starter. Choose a framework, or leave the sweep out.";
  if (answers.extras.includes("cards") && answers.framework === "none") return "Cards tell of the starter's runs. Choose a framework, or leave the cards out.";
  if (manager === "uv" && accelerator.startsWith("[")) return "uv.lock is one lock, and there would be one for each build. Choose one build, or another manager.";
  if (manager === "uv" && torchBuild(names, accelerator)) return "uv's own commands need the address of the index that has this build of PyTorch. Let the terminal ask for it, or choose another manager.";
  if (!data.python.includes(python) || fitting.includes(python)) return "";
  return fitting.length
    ? `What you chose cannot be together on Python ${python}. Choose Python ${fitting.join(", ")}, or fewer libraries.`
    : "What you chose brings two CUDAs, and one environment holds one. Choose another build, or fewer libraries.";
}

// The packages of entries at a place: the number of a pin, for those whose bit is set.
function union(names, place) {
  const found = new Set();
  for (const name of names) for (const [pin, bits] of data.closures[name]) if (bits & (1 << place)) found.add(pin);
  return found;
}

// What there is to download, null for a pin where nothing is known.
function bytes(pin, place) {
  const size = data.pins[pin][2];
  return Array.isArray(size) ? size[place] : size;
}

function total(pins, place) {
  return [...pins].reduce((sum, pin) => sum + (bytes(pin, place) ?? 0), 0);
}

// The packages to run a project, and those to develop it, at a place (derived.jinja, lock.jinja).
function packages(answers, names, place) {
  const brought = new Set(answers.extras);
  if (answers.scale_out.includes("dask") && answers.scale_out.includes("slurm")) brought.add("dask-on-slurm");
  if (brought.has("github") || brought.has("gitlab")) brought.add("coverage");
  const tools = [...data.dev, ...data.tools.filter(([extra]) => brought.has(extra)).map(([, name]) => name)];
  const run = union(entries(names, builds(answers.accelerator)[0]).map((each) => each.name), place);
  return { run, all: new Set([...run, ...union(tools, place)]) };
}

// Whether a condition holds; tools/conditions.py says what each is.
function holds(condition, answers) {
  if (typeof condition === "boolean") return condition;
  const [kind, one, other] = condition;
  switch (kind) {
    case "and": return holds(one, answers) && holds(other, answers);
    case "not": return !holds(one, answers);
    case "in": return answers[other].includes(one);
    case "is": return answers[other] === one;
    case "any": return answers[one].length > 0;
  }
  throw new Error(`no condition: ${kind}`);
}

const files = (answers) => data.files.filter(([, condition]) => holds(condition, answers)).map(([path]) => path);

function command(answers) {
  const words = ["uvx copier copy --trust"];
  for (const key of ORDER) {
    const value = several(key) ? `[${answers[key].join(", ")}]` : answers[key];
    const usual = several(key) ? `[${standard(key).join(", ")}]` : standard(key);
    if (value !== usual) words.push(/^[\w.-]+$/.test(value) ? `-d ${key}=${value}` : `-d "${key}=${value}"`);
  }
  return [...words, data.template, "my-project"].join(" ");
}

// ---- The form and the address

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function choice(key, type, value, label, note = "") {
  const input = element("input", { type, name: key, value });
  const [first, ...rest] = label.replaceAll("`", "").split(/(?<=^[\w.+ -]+)[:(] ?/);
  const text = element("span", {}, first, " ", element("small", {}, rest.join("").replace(/\)$/, "") + note));
  const made = element("label", { className: "choice" }, input, text);
  if (key === "libraries") made.append(element("span", { className: "adds" }));
  return made;
}

function group(title, ...children) {
  return element("fieldset", {}, element("legend", { textContent: title }), ...children);
}

function libraries() {
  const search = element("input", { type: "search", id: "search", placeholder: "Search", ariaLabel: "Search the libraries" });
  const count = element("p", { id: "found", className: "note", role: "status" });
  const kinds = element("div", { className: "kinds", role: "group", ariaLabel: "Kinds of work" });
  for (const [name, kind] of Object.entries(data.kinds)) {
    const button = element("button", { type: "button", textContent: name, title: kind.summary });
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      for (const box of boxes("libraries")) if (kind.libraries.includes(box.value)) box.checked = on;
      update();
    });
    button.dataset.kind = name;
    kinds.append(button);
  }
  const groups = Object.entries(Object.groupBy(data.libraries, (each) => each.group)).map(([name, each]) =>
    group(name, ...each.map((entry) => choice("libraries", "checkbox", entry.name, `${entry.name}: ${entry.summary}`))));
  search.addEventListener("input", () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const box of boxes("libraries")) {
      const label = box.closest("label");
      label.hidden = !words.every((word) => label.textContent.toLowerCase().includes(word));
      shown += !label.hidden;
    }
    for (const each of groups) each.hidden = !each.querySelector("label:not([hidden])");
    count.textContent = words.length ? `${shown} of ${data.libraries.length} libraries` : "";
  });
  search.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  return group(NAMES.libraries, kinds, search, count, ...groups);
}

function build() {
  const form = find("choices");
  for (const key of ORDER) {
    if (key === "libraries") { form.append(libraries()); continue; }
    const { help, choices } = data.questions[key];
    const type = several(key) ? "checkbox" : "radio";
    const made = group(NAMES[key], element("p", { className: "note", textContent: help }), ...choices.map(([label, value]) => choice(key, type, value, label)));
    made.id = `of-${key}`;
    form.append(made);
  }
  find("system").append(...data.systems.map((name) => element("option", { value: name, textContent: name })));
  find("cutoff").textContent = data.cutoff;
}

const boxes = (key) => document.querySelectorAll(`#choices input[name="${key}"]`);

function read() {
  const answers = {};
  for (const key of ORDER) {
    const on = [...boxes(key)].filter((box) => box.checked).map((box) => box.value);
    answers[key] = several(key) ? on : on[0] ?? standard(key);
  }
  if (find("of-accelerator").hidden) answers.accelerator = "default";
  return answers;
}

// Put into the form what the address says; what it does not say, or says wrongly, is the default.
function open() {
  const said = new URLSearchParams(location.hash.slice(1));
  for (const key of ORDER) {
    const values = said.has(key) ? (several(key) ? said.get(key).split(",") : [said.get(key)]) : [standard(key)].flat();
    for (const box of boxes(key)) box.checked = values.includes(box.value);
    if (!several(key) && ![...boxes(key)].some((box) => box.checked)) for (const box of boxes(key)) box.checked = box.value === standard(key);
  }
  const here = /Mac/.test(navigator.userAgent) ? "macOS arm64" : /Windows/.test(navigator.userAgent) ? "Windows" : "Linux";
  find("system").value = data.systems.includes(said.get("system")) ? said.get("system") : here;
  update();
}

function save(answers) {
  const said = new URLSearchParams();
  for (const key of ORDER) if (String(answers[key]) !== String(standard(key))) said.set(key, answers[key]);
  said.set("system", find("system").value);
  history.replaceState(null, "", `#${said}`);
}

// ---- What is shown

const megabytes = (size) => (size < 1e5 ? "0.1 MB" : size < 1e7 ? `${(size / 1e6).toFixed(1)} MB` : size < 1e9 ? `${Math.round(size / 1e6)} MB` : `${(size / 1e9).toFixed(1)} GB`);

function tree(paths) {
  const root = {};
  for (const path of paths) {
    const parts = path.split("/");
    let folder = root;
    for (const part of parts.slice(0, -1)) folder = folder[`${part}/`] ??= {};
    folder[parts.at(-1)] = path;
  }
  const list = (folder) => element("ul", {}, ...Object.entries(folder)
    .sort(([a, x], [b, y]) => (typeof x === "string") - (typeof y === "string") || (a < b ? -1 : 1))
    .map(([name, inside]) => {
      if (typeof inside !== "string") return element("li", {}, element("details", {}, element("summary", { textContent: name }), list(inside)));
      const made = element("li", { textContent: name });
      made.dataset.path = inside;
      return made;
    }));
  return list(root);
}

function update() {
  const before = read();
  const fits = offered(chosen(before));
  for (const box of boxes("accelerator")) box.closest("label").hidden = !builds(box.value).every((each) => each === "default" || fits.includes(each));
  find("of-accelerator").hidden = !fits.length;
  const picked = [...boxes("accelerator")].find((box) => box.checked);
  if (picked?.closest("label").hidden) for (const box of boxes("accelerator")) box.checked = box.value === "default";

  const answers = read();
  const names = chosen(answers);
  const system = find("system").value;
  const legacy = answers.python_version in data.legacy;
  const place = data.places.indexOf(`${system} ${answers.python_version}`);
  const wrong = problem(answers, names);
  const { run, all } = packages(answers, names, place);
  const paths = files({ ...answers, accelerators: fits });

  save(answers);
  find("problem").hidden = !wrong;
  find("problem").textContent = wrong;
  find("ready").hidden = Boolean(wrong);
  find("command").textContent = command(answers);
  const apart = torchBuild(names, answers.accelerator);
  const weight = apart ? "" : `, ${megabytes(total(all, place))} to download (${megabytes(total(run, place))} of it to run)`;
  find("summary").textContent = legacy ? `${paths.length} files` : `${paths.length} files, ${all.size} packages${weight}`;
  const draft = legacy
    ? `For Python ${answers.python_version} the packages are resolved when the environment is made.`
    : apart
      ? "This build of PyTorch comes from an index of its own: the lock begins with these versions, and is resolved when the environment is made. Only then is it known what there is to download."
      : "";
  const lacking = entries(names, builds(answers.accelerator)[0]).filter((each) => each.not_on.includes(system)).map((each) => each.name);
  find("draft").textContent = [draft, lacking.length ? `On ${system} there are no wheels for: ${lacking.join(", ")}.` : ""].filter(Boolean).join(" ");
  find("draft").hidden = !find("draft").textContent;
  find("files").replaceChildren(tree(paths));
  show(all, run, place);
  mark(answers, place, run);
}

function show(all, run, place) {
  document.querySelector("#packages tbody").replaceChildren(...[...all].sort((a, b) => a - b).map((pin) => {
    const [name, version] = data.pins[pin];
    const size = bytes(pin, place);
    const row = element("tr", {}, ...[name, version, run.has(pin) ? "running" : "developing"].map((textContent) => element("td", { textContent })),
      element("td", { className: "number", textContent: size === null ? "no wheel" : megabytes(size) }));
    row.dataset.pin = `${name}==${version}`;
    return row;
  }));
}

// Beside each library: what it would add, that the starter has it, or why it cannot be.
function mark(answers, place, run) {
  const brought = new Set(needed(answers));
  for (const box of boxes("libraries")) {
    const entry = data.libraries.find((each) => each.name === box.value);
    const none = data.python.includes(answers.python_version) && !entry.pythons.includes(answers.python_version);
    box.disabled = none && !box.checked;
    const more = place < 0 ? 0 : total([...union(entries(new Set([entry.name]), builds(answers.accelerator)[0]).map((each) => each.name), place)].filter((pin) => !run.has(pin)), place);
    box.closest("label").querySelector(".adds").textContent = brought.has(entry.name)
      ? "in the starter"
      : none ? `not for Python ${answers.python_version}` : box.checked || place < 0 ? "" : more ? `+ ${megabytes(more)}` : "comes anyway";
  }
  for (const button of document.querySelectorAll("[data-kind]")) {
    const all = data.kinds[button.dataset.kind].libraries.every((name) => answers.libraries.includes(name));
    button.setAttribute("aria-pressed", all);
  }
}

async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    find("copied").textContent = `${what} is copied.`;
  } catch {
    find("copied").textContent = `The browser does not let this page copy. Select ${what.toLowerCase()} and copy it.`;
  }
}

if (data) {
  build();
  open();
  find("choices").addEventListener("change", update);
  find("system").addEventListener("change", update);
  find("copy").addEventListener("click", () => copy(find("command").textContent, "The command"));
  find("share").addEventListener("click", () => copy(location.href, "The address"));
  // The address holds the choice: this link must not put its own target there.
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    find("result").focus();
  });
  addEventListener("hashchange", open);
} else {
  find("problem").hidden = false;
  find("problem").textContent = "docs/start/data.js is not there. Write it with: make page";
  find("ready").hidden = true;
}
