"use strict";
// "It was a …": drawings are saved, and a network is trained on them; only where there is a server.

const POLL = 700; // milliseconds between two questions
const kept = new WeakSet(); // digits that are saved

// Note that a digit is saved, or is not; when all on the paper are, the next stroke begins another drawing.
function keep(digit, saved) {
  kept[saved ? "add" : "delete"](digit);
  paper.kept = answer.digits.every((one) => one.name === undefined || kept.has(one));
}

// Save the chosen digit under its label.
async function save(label) {
  const digit = answer.digits[chosen];
  if (!digit) return;
  keep(digit, true); // at once: the next stroke may be faster than the answer
  try {
    const pixels = digit.strokes ? render(digit.strokes, 280).map((ink) => 255 - ink) : digit.image;
    const {saved, folder, drawings, command} = await backend.save(label, pixels);
    const undo = element("button", {type: "button", textContent: "Undo"});
    undo.onclick = async () => {
      keep(digit, false);
      try {
        await backend.forget(saved);
        get("saved").replaceChildren("Not saved");
      } catch (error) {
        get("saved").replaceChildren(error.message);
      }
    };
    get("saved").replaceChildren(
      element("p", {}, `Saved as ${folder}${saved} (${drawings.toLocaleString("en")} in all) `, undo),
      element("p", {textContent: "Train on them:"}),
      element("code", {textContent: command, tabIndex: 0}),
    );
    get("training").hidden = false;
  } catch (error) {
    keep(digit, false);
    get("saved").replaceChildren(error.message);
  }
}

// Show how far the training is, until it is over.
async function follow(ask) {
  get("train").disabled = true;
  get("stop").hidden = get("progress").hidden = false;
  try {
    let state = await ask();
    while (state.running) {
      get("progress").value = state.progress;
      get("trained").replaceChildren(state.line);
      await new Promise((done) => setTimeout(done, POLL));
      state = await backend.training();
    }
    get("trained").replaceChildren(...(state.run ? state.summary : [state.line]).map((line) => element("p", {textContent: line})));
    if (state.run) offer(state.run);
  } catch (error) {
    get("trained").replaceChildren(error.message);
  }
  get("train").disabled = false;
  get("stop").hidden = get("progress").hidden = true;
}

// Put a new run into the menu of networks, and let it answer at a click.
async function offer(run) {
  await listNetworks();
  const use = element("button", {type: "button", textContent: `Let ${run} answer`});
  use.onclick = () => { get("network").value = backend.network = run; update(); use.remove(); };
  get("trained").append(use);
}

// Begin to train, unless another page has.
async function begin() {
  try {
    return await backend.train();
  } catch (error) {
    const state = await backend.training();
    if (state.running) return state;
    throw error;
  }
}

get("train").onclick = () => follow(begin);
get("stop").onclick = () => backend.stop().catch(() => {}); // what follows says what came of it
backend.training().then((state) => {
  if (!state.running) return;
  get("training").hidden = false; // it was begun before the page was opened
  follow(() => backend.training());
}).catch(() => {});
