"use strict";
// The page: what was drawn, what the network says of it, and what it was. Text from the network is only ever text.

const get = (id) => document.getElementById(id);
const NOTHING = "Waiting for your first stroke";
const paper = new Paper(get("paper"), () => update());
let answer = {digits: []}, chosen = 0, busy = false, again = false, shown = 0, photo = null, given = 0; // the photo that was read, and how many were given with it

// Ask for an answer; while one is on its way only the newest state is asked for, after it.
async function update() {
  if (busy) { again = true; return; }
  busy = true;
  get("answer").ariaBusy = "true";
  do {
    again = false;
    try {
      if (paper.photo && paper.photo !== photo) {
        answer = {digits: []}; // was of something else
        say("Reading the photo …");
      }
      photo = paper.photo;
      const found = paper.photo
        ? await backend.readPicture(await paper.composed())
        : await readStrokes(paper.strokes.map((stroke) => [...stroke]), (images) => backend.classify(images));
      if (paper.photo !== photo) continue; // the answer to a photo that has made way for another
      answer = found;
      chosen = answer.digits.findLastIndex((digit) => digit.name !== undefined);
      say();
    } catch (error) {
      answer = {digits: []};
      say(error.message);
    }
    if (!again) await showInside();
  } while (again);
  busy = false;
  get("answer").ariaBusy = "false";
}

const percent = (p) => `${Math.min(100 * p, 99.9).toFixed(1)}%`;
const doubtful = (digit) => Boolean(digit.note);

function text() {
  const lines = [], marks = {"": "", unsure: "?"};
  let last = null;
  for (const digit of answer.digits) {
    lines[digit.line] ??= "";
    if (last?.line === digit.line && last.number !== digit.number) lines[digit.line] += " "; // what stands apart on a page
    lines[digit.line] += digit.mark ?? (digit.note in marks ? digit.name + marks[digit.note] : "?");
    last = digit;
  }
  return lines.filter(Boolean).join("\n");
}

function remark() {
  const page = answer.more_pages ? "Only the first page is read" : "";
  const first = paper.photo && given > 1 ? `Only the first of ${given} pictures is read` : "";
  return [remarkOnDigits(), page, first].filter(Boolean).join(". ");
}

function remarkOnDigits() {
  const digits = answer.digits.filter((digit) => digit.name !== undefined), doubts = digits.filter(doubtful);
  if (!answer.digits.length || (digits.length && !doubts.length)) return "";
  if (!digits.length) return "A mark, but no digit";
  const some = doubts.some((digit) => digit.note !== "unsure");
  const what = some ? "sure this is a digit" : "sure";
  return digits.length === 1 ? `Not ${what}` : `Not ${what}: ${doubts.length} of ${digits.length}`;
}

// Show the answer, or the error in place of it.
function say(error = "") {
  const empty = !answer.digits.length;
  get("answer").textContent = error || (empty ? NOTHING : text());
  get("answer").className = error || empty ? "hint" : "";
  get("remark").textContent = error ? "" : remark();
  const several = answer.digits.filter((digit) => digit.name !== undefined).length > 1;
  get("digits").replaceChildren(...(several ? answer.digits.map(card).filter(Boolean) : []));
  choose(chosen, false);
}

function element(tag, options = {}, ...children) {
  const made = Object.assign(document.createElement(tag), options);
  made.append(...children);
  return made;
}

// A button that chooses one digit of several.
function card(digit, index) {
  if (digit.name === undefined) return null;
  const canvas = element("canvas", {width: SIDE, height: SIDE});
  paint(canvas, digit.image);
  const button = element("button", {type: "button", onclick: () => choose(index)}, canvas, element("span", {textContent: digit.name}));
  button.dataset.index = index;
  return button;
}

function choose(index, look = true) {
  chosen = index;
  for (const button of get("digits").children) button.ariaPressed = String(Number(button.dataset.index) === index);
  const digit = answer.digits[index];
  document.body.classList.toggle("empty", !digit);
  const order = digit ? digit.probabilities.map((p, i) => [p, i]).sort((a, b) => b[0] - a[0]) : [];
  get("likeliest").replaceChildren(...order.slice(0, 3).map(row));
  get("all").querySelector(".rows").replaceChildren(...(digit ? digit.probabilities.map((p, i) => row([p, i])) : []));
  const labels = answer.classes ?? [];
  const old = [...get("labels").children].map((button) => button.textContent);
  if (labels.length && labels.join("\n") !== old.join("\n")) {
    get("labels").replaceChildren(...labels.map((label) => element("button", {type: "button", textContent: label, onclick: () => save(label)})));
  }
  for (const button of get("labels").children) button.disabled = !digit;
  if (look) showInside();
}

function row([p, i]) {
  const meter = element("div", {className: "meter"}, element("i"));
  meter.firstChild.style.width = `${100 * p}%`;
  return element("div", {className: "row"}, element("b", {textContent: answer.classes[i]}), meter, element("span", {textContent: percent(p)}));
}

// Paint bytes, side by side, as a picture of one colour, 255 the strongest.
function paint(canvas, bytes, [r, g, b] = [255, 255, 255], under = null) {
  const pen = canvas.getContext("2d"), picture = pen.createImageData(canvas.width, canvas.height);
  bytes.forEach((value, i) => {
    const base = under ? 0.45 * under[i] : 0, part = value / 255;
    picture.data.set([r, g, b].map((c) => base + (c - base) * part).concat(255), 4 * i);
  });
  pen.putImageData(picture, 0, 0);
}

async function showInside() {
  const digit = answer.digits[chosen];
  if (!digit?.image || !get("inside").open) return;
  paint(get("seen"), digit.image);
  const number = ++shown;
  try {
    for await (const {maps, shape, looked} of backend.lookInside(digit.image)) { // better and better
      if (again || number !== shown) return;
      if (looked) paint(get("looked"), looked, [255, 140, 0], digit.image);
      paintMaps(maps, shape);
    }
  } catch { /* the next answer says why */ }
}

// Maps, (C, H, W) bytes, as tiles side by side.
function paintMaps(maps, [count, height, width]) {
  const canvas = get("maps"), columns = Math.min(count, count > 16 ? 8 : 4) || 1;
  canvas.parentElement.hidden = count === 0;
  canvas.width = columns * (width + 1) - 1;
  canvas.height = Math.ceil(count / columns) * (height + 1) - 1;
  const pen = canvas.getContext("2d");
  for (let c = 0; c < count; c++) {
    const tile = element("canvas", {width, height});
    const map = maps.subarray(c * height * width, (c + 1) * height * width);
    paint(tile, map.map((value) => Math.sqrt(255 * value)), [120, 200, 255]); // brighter where there is little
    pen.drawImage(tile, (c % columns) * (width + 1), Math.floor(c / columns) * (height + 1));
  }
  get("caption").textContent = `its first layer: ${count === 1 ? "one map" : `${count} maps`}`;
}

async function listNetworks() {
  try {
    const {networks} = await backend.list();
    get("network").replaceChildren(...networks.map((name) => new Option(name, name, false, name === backend.network)));
  } catch (error) {
    say(error.message);
  }
}

function showPhoto(files) {
  given = files.length;
  if (given) paper.show(files[0]);
}

get("undo").onclick = () => paper.undo();
get("clear").onclick = () => paper.clear();
get("photo").onclick = () => get("file").click();
get("file").onchange = ({target}) => { showPhoto(target.files); target.value = ""; };
get("network").onchange = ({target}) => { backend.network = target.value; update(); };
get("inside").ontoggle = () => showInside();
document.ondragover = (event) => event.preventDefault();
document.ondrop = (event) => {
  event.preventDefault();
  const {files} = event.dataTransfer;
  if (!backend.readPicture) say("This page reads only what is drawn on it");
  else if (files.length) showPhoto(files);
  else say("That is no file: save the picture, and drop it from there");
};
document.onkeydown = (event) => {
  const elsewhere = event.target.matches?.("select, input");
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !event.shiftKey) paper.undo();
  else if (event.key === "Escape" || (["Delete", "Backspace"].includes(event.key) && !elsewhere)) paper.clear();
  else return;
  event.preventDefault();
};
for (const [control, needs] of [["photo", "readPicture"], ["chooser", "list"], ["teach", "save"]]) get(control).hidden = !backend[needs];
if (backend.list) listNetworks();
if (backend.source) get("source").textContent = `Network: ${backend.source}`;
say();
