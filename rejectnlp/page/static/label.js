// The labelling page's script: keys and clicks become an answer, which the server keeps.
// Nothing is stored here; what the server has kept is all there is.
"use strict";

const NONE = "unexplained";
const GROUNDS = ["said", "shown", "claimed"];
const main = document.getElementById("main");
const holder = document.getElementById("sheet");
const help = document.getElementById("help");
const trouble = document.getElementById("trouble");
const spoken = document.getElementById("status");
document.documentElement.classList.add("scripted");

let sheet = null; // the section on show
let state = null; // the answer as it stands on the page
let kept = ""; // the answer as the server has it
let cursor = -1; // the sentence that the arrows are at, -1 for none
let touched = ""; // the cause last used, which the help opens at
let put = null; // what 0 took away, so that a second 0 gives it back
let busy = false;
const waiting = []; // keys pressed while the next account was on its way

// Characters as Python counts them; JavaScript counts some twice.
const count = (string) => [...string].length;
const all = (selector) => [...sheet.querySelectorAll(selector)];

function complain(message) {
  trouble.textContent = message;
  trouble.hidden = !message;
}

// ---------------------------------------------------------------- the server

async function ask(path, parts) {
  let response;
  try {
    response = await fetch(path, {
      method: "POST",
      body: JSON.stringify(parts),
      headers: { "content-type": "application/json", "x-rejectnlp-token": main.dataset.token },
    });
  } catch {
    throw new Error("The page does not answer, and this answer is not kept yet. Is `rejectnlp label` still running?");
  }
  const said = await response.text();
  if (!response.ok) throw new Error(said);
  return said;
}

async function send(path, parts) {
  if (busy) return;
  busy = true;
  try {
    // The server escapes every text; the policy of the page runs no script that a text might hold.
    holder.innerHTML = await ask(path, { number: Number(sheet.dataset.number), ...parts });
    complain("");
    begin();
  } catch (error) {
    complain(error.message);
    waiting.length = 0;
  } finally {
    busy = false;
  }
  while (waiting.length && !busy) handle(waiting.shift());
}

const isChanged = () => Boolean(state) && JSON.stringify(state) !== kept;

function keep(go) {
  if (!state.labels.length) return complain("Choose the causes, or 0 where the account gives no grounds. s leaves it open.");
  if (!isChanged() && sheet.dataset.answered) return send("/show", { go });
  return send("/save", { ...state, id: sheet.dataset.id, go });
}

// Going elsewhere keeps what was changed, if it is an answer.
const move = (go) => (isChanged() && state.labels.length ? keep(go) : send("/show", { go }));

// ----------------------------------------------------------------- the sheet

function begin() {
  sheet = holder.firstElementChild;
  cursor = -1;
  put = null;
  state = sheet.dataset.done ? null : JSON.parse(sheet.dataset.state);
  kept = JSON.stringify(state);
  spoken.textContent = sheet.dataset.summary;
  if (!state) return sheet.querySelector("h2").focus({ preventScroll: true });
  for (const piece of all("[data-from]")) piece.words = piece.textContent;
  sheet.querySelector(".causes").classList.toggle("many", all(".cause").length > 14);
  sheet.querySelector('[name="doubt"]').checked = state.doubt;
  sheet.querySelector('[name="note"]').value = state.note;
  paint();
  explain("");
  const suggestion = sheet.querySelector(".suggestion");
  if (suggestion) suggestion.scrollIntoView({ block: "nearest" });
  else scrollTo(0, 0);
}

function paint() {
  for (const button of all(".cause")) button.setAttribute("aria-pressed", String(state.labels.includes(button.dataset.cause)));
  for (const piece of all("[data-from]")) paintPiece(piece);
  listMarks();
}

// A piece of the account is cut where marks begin or end.
function paintPiece(piece) {
  const letters = [...piece.words];
  const from = Number(piece.dataset.from);
  const own = state.evidence.filter((mark) => mark.start < from + letters.length && mark.end > from);
  const cuts = new Set([0, letters.length]);
  for (const mark of own) {
    cuts.add(Math.max(0, mark.start - from));
    cuts.add(Math.min(letters.length, mark.end - from));
  }
  const places = [...cuts].sort((a, b) => a - b);
  piece.replaceChildren();
  places.slice(0, -1).forEach((start, i) => {
    const end = places[i + 1];
    const over = own.filter((mark) => mark.start - from <= start && mark.end - from >= end);
    const words = document.createElement("span");
    words.dataset.start = from + start;
    words.textContent = letters.slice(start, end).join("");
    piece.append(over.length ? wrap(words, over[0].cause) : words);
    for (const mark of over.filter((mark) => mark.end - from === end)) piece.append(superscript(mark.cause));
  });
  piece.classList.toggle("here", Number(piece.dataset.sentence ?? -2) === cursor);
}

const buttonOf = (cause) => all(".cause").find((button) => button.dataset.cause === cause);

function wrap(words, cause) {
  const mark = document.createElement("mark");
  mark.className = buttonOf(cause).dataset.look;
  mark.append(words);
  return mark;
}

function superscript(cause) {
  const sup = document.createElement("sup");
  sup.className = `letters ${buttonOf(cause).dataset.look}`;
  sup.setAttribute("aria-hidden", "true");
  sup.textContent = buttonOf(cause).dataset.key || "•";
  return sup;
}

function textBetween(start, end) {
  return all("[data-from]").map((piece) => {
    const from = Number(piece.dataset.from);
    return [...piece.words].slice(Math.max(0, start - from), Math.max(0, end - from)).join("");
  }).join("");
}

function listMarks() {
  const list = sheet.querySelector(".marks");
  const model = sheet.querySelector("#mark").content.firstElementChild;
  list.replaceChildren(...state.evidence.map((mark, i) => {
    const item = model.cloneNode(true);
    item.dataset.mark = i;
    const button = buttonOf(mark.cause);
    item.querySelector("kbd").textContent = button.dataset.key || "•";
    item.querySelector("kbd").className = button.dataset.look;
    item.querySelector("b").textContent = button.querySelector("span").textContent;
    item.querySelector("q").textContent = textBetween(mark.start, mark.end);
    item.querySelector("select").value = mark.ground;
    return item;
  }));
}

function explain(cause) {
  const about = sheet.querySelector(".about");
  if (!cause) {
    about.textContent = "Choose every cause that the account gives grounds for. To mark what shows it, select words or choose a sentence first (click, or arrow keys).";
    return;
  }
  const button = buttonOf(cause);
  const name = document.createElement("b");
  name.textContent = `${button.querySelector("span").textContent}. `;
  about.replaceChildren(name, button.dataset.means);
}

// --------------------------------------------------------------- the answer

function press(cause) {
  const words = cause === NONE ? null : selectedWords() || wordsAtCursor();
  if (cause === NONE) pressNone();
  else if (words) toggleMark(cause, words);
  else toggleCause(cause);
  const order = all(".cause").map((button) => button.dataset.cause);
  state.labels.sort((a, b) => order.indexOf(a) - order.indexOf(b));
  state.evidence.sort((a, b) => a.start - b.start || a.end - b.end || order.indexOf(a.cause) - order.indexOf(b.cause));
  getSelection().removeAllRanges();
  touched = cause;
  complain("");
  paint();
  explain(cause);
  spoken.textContent = `${buttonOf(cause).querySelector("span").textContent} ${state.labels.includes(cause) ? "on" : "off"}`;
}

function pressNone() {
  if (state.labels.includes(NONE)) {
    [state.labels, state.evidence] = put || [[], []];
  } else {
    put = [state.labels, state.evidence];
    [state.labels, state.evidence] = [[NONE], []];
  }
}

function turnOn(cause) {
  state.labels = state.labels.filter((label) => label !== NONE && label !== cause).concat(cause);
}

function turnOff(cause) {
  state.labels = state.labels.filter((label) => label !== cause);
  state.evidence = state.evidence.filter((mark) => mark.cause !== cause);
}

function toggleCause(cause) {
  if (state.labels.includes(cause)) turnOff(cause);
  else turnOn(cause);
}

function toggleMark(cause, { start, end }) {
  const isSame = (mark) => mark.cause === cause && mark.start === start && mark.end === end;
  if (!state.evidence.some(isSame)) {
    turnOn(cause);
    state.evidence.push({ cause, start, end, ground: "shown" });
    touchedMark = { cause, start, end };
    return;
  }
  state.evidence = state.evidence.filter((mark) => !isSame(mark));
  if (!state.evidence.some((mark) => mark.cause === cause)) turnOff(cause);
}

let touchedMark = null; // the mark last made, whose ground g changes

function changeGround() {
  const last = state.evidence.find((mark) => touchedMark && mark.cause === touchedMark.cause && mark.start === touchedMark.start && mark.end === touchedMark.end)
    || state.evidence.at(-1);
  if (!last) return;
  last.ground = GROUNDS[(GROUNDS.indexOf(last.ground) + 1) % GROUNDS.length];
  listMarks();
  const select = all(".marks select")[state.evidence.indexOf(last)];
  spoken.textContent = select.selectedOptions[0].textContent;
}

function selectedWords() {
  const range = getSelection().rangeCount && getSelection().getRangeAt(0);
  if (!range || range.collapsed || !range.intersectsNode(sheet.querySelector(".text"))) return null;
  let start = null;
  let end = null;
  let text = "";
  for (const span of all("[data-start]")) {
    const words = span.firstChild;
    if (!words || !range.intersectsNode(words)) continue;
    const from = words === range.startContainer ? range.startOffset : 0;
    const to = words === range.endContainer ? range.endOffset : words.data.length;
    if (from >= to) continue;
    const at = Number(span.dataset.start);
    if (start === null) start = at + count(words.data.slice(0, from));
    end = at + count(words.data.slice(0, to));
    text += words.data.slice(from, to);
  }
  if (start === null || !text.trim()) return null;
  start += count(text) - count(text.trimStart());
  return { start, end: end - (count(text) - count(text.trimEnd())) };
}

const sentences = () => all(".sentence");

function wordsAtCursor() {
  const sentence = sentences()[cursor];
  if (!sentence) return null;
  const start = Number(sentence.dataset.from);
  return { start, end: start + count(sentence.words) };
}

function goTo(number) {
  cursor = number;
  sentences().forEach((sentence, i) => sentence.classList.toggle("here", i === cursor));
  const here = sentences()[cursor];
  if (!here) return;
  here.scrollIntoView({ block: "nearest" });
  spoken.textContent = here.words;
}

const step = (by) => goTo(cursor < 0 ? (by > 0 ? 0 : sentences().length - 1)
  : Math.min(sentences().length - 1, Math.max(0, cursor + by)));

// -------------------------------------------------------------------- help

function openHelp() {
  help.showModal();
  findRule(touched);
}

function findRule(cause) {
  const rules = [...help.querySelectorAll("[data-rule]")];
  for (const rule of rules) rule.classList.toggle("found-rule", rule.dataset.rule === cause);
  const rule = rules.find((own) => own.dataset.rule === cause);
  const body = help.querySelector(".help-body");
  if (rule) rule.scrollIntoView({ block: "start" });
  else body.scrollTop = 0;
  body.focus({ preventScroll: true });
}

// ------------------------------------------------------------ keys and clicks

const KEYS = {
  Enter: () => keep("next"),
  Backspace: () => move("previous"),
  s: () => send("/show", { go: "next" }),
  o: () => move("open"),
  g: changeGround,
  x: () => setDoubt(!state.doubt),
  n: () => sheet.querySelector('[name="note"]').focus(),
  "?": openHelp,
  Escape: () => { getSelection().removeAllRanges(); goTo(-1); },
  ArrowDown: () => step(1),
  ArrowRight: () => step(1),
  ArrowUp: () => step(-1),
  ArrowLeft: () => step(-1),
};

function setDoubt(doubt) {
  state.doubt = doubt;
  sheet.querySelector('[name="doubt"]').checked = doubt;
}

// Does what a key says; tells whether it says anything.
function handle(key) {
  if (!state) {
    if (key === "Backspace") send("/show", { go: "stay" });
    return key === "Backspace";
  }
  const name = key.length === 1 ? key.toLowerCase() : key;
  const cause = all(".cause").find((button) => button.dataset.key === name);
  if (cause) press(cause.dataset.cause);
  else if (Object.hasOwn(KEYS, name)) KEYS[name]();
  else return false;
  return true;
}

function handleInHelp(event) {
  const button = state && all(".cause").find((own) => own.dataset.key === event.key.toLowerCase());
  if (event.key === "?") help.close();
  else if (button) findRule(button.dataset.cause);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (help.open) return handleInHelp(event);
  const field = event.target.closest("input[type=text], select");
  if (field) {
    if (event.key === "Escape") field.blur();
    if (event.key === "Enter" && field.name === "note") {
      event.preventDefault();
      field.blur();
      keep("next");
    }
    return;
  }
  // A button reached by Tab answers to Enter and space as buttons do.
  if (event.target.closest("button, input") && ["Enter", " "].includes(event.key)) return;
  if (event.shiftKey && event.key.startsWith("Arrow")) return; // widens a selection
  if (busy) {
    waiting.push(event.key);
    event.preventDefault();
  } else if (handle(event.key)) event.preventDefault();
});

const DO = {
  keep: () => keep("next"),
  previous: KEYS.Backspace,
  skip: KEYS.s,
  open: KEYS.o,
  help: openHelp,
  close: () => help.close(),
  last: () => send("/show", { go: "stay" }),
  unmark(button) {
    const [gone] = state.evidence.splice(Number(button.closest("li").dataset.mark), 1);
    if (!state.evidence.some((mark) => mark.cause === gone.cause)) turnOff(gone.cause);
    paint();
    sheet.querySelector(".text").focus({ preventScroll: true });
  },
};

// A button that is clicked takes neither the selection nor the focus, so that keys go on working.
document.addEventListener("mousedown", (event) => {
  if (event.target.closest("button")) event.preventDefault();
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button && !busy) {
    if (button.dataset.cause) press(button.dataset.cause);
    else DO[button.dataset.do](button);
    return;
  }
  const sentence = event.target.closest(".sentence");
  if (sentence && getSelection().isCollapsed) {
    const number = Number(sentence.dataset.sentence);
    goTo(number === cursor ? -1 : number);
  }
});
document.addEventListener("change", (event) => {
  if (event.target.name === "doubt") state.doubt = event.target.checked;
  if (event.target.matches(".marks select")) {
    state.evidence[Number(event.target.closest("li").dataset.mark)].ground = event.target.value;
  }
});
document.addEventListener("input", (event) => {
  if (event.target.name === "note") state.note = event.target.value;
});
for (const kind of ["mouseover", "focusin"]) {
  document.addEventListener(kind, (event) => {
    const button = event.target.closest(".cause");
    if (button && state) explain(button.dataset.cause);
  });
}
// An answer that is not kept yet is worth a question before the window closes.
addEventListener("beforeunload", (event) => { if (isChanged()) event.preventDefault(); });

begin();
