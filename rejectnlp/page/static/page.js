// The page's only script: asks for the answer as one types, and for what a sentence adds.
// It keeps nothing: no storage, no addresses with words in them.
"use strict";

const WAIT = 300; // milliseconds of quiet before a text is asked about
const form = document.getElementById("form");
const text = document.getElementById("text");
const answer = document.getElementById("answer");
const trouble = document.getElementById("trouble");
const spoken = document.getElementById("status");
document.documentElement.classList.add("scripted");

let answered = text.value; // the text that the answer on the page belongs to
let timer = 0;
let newest = null; // stops the question that a newer one makes stale

async function ask(path, body, headers = {}, signal = undefined) {
  const all = { "x-rejectnlp-token": form.dataset.token, ...headers };
  let response;
  try {
    response = await fetch(path, { method: "POST", body, headers: all, signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The page does not answer. Is `rejectnlp page` still running?");
  }
  const said = await response.text();
  if (!response.ok) throw new Error(said);
  return said;
}

const askAbout = (path, parts, signal) =>
  ask(path, JSON.stringify(parts), { "content-type": "application/json" }, signal);

function complain(error) {
  if (error && error.name === "AbortError") return;
  trouble.textContent = error ? error.message : "";
  trouble.hidden = !error;
}

async function update() {
  if (newest) newest.abort();
  const asked = text.value;
  if (!asked.trim()) return show("", asked);
  if (new Blob([asked]).size > Number(form.dataset.largestPaste) * 0.95) {
    return complain(new Error("This is more text than the page takes at once: give fewer or shorter stories."));
  }
  newest = new AbortController();
  try {
    show(await askAbout(form.dataset.answer, { text: asked }, newest.signal), asked);
  } catch (error) {
    complain(error);
  }
}

// The server escapes every text; the policy of the page runs no script that a text might hold.
function show(html, asked) {
  complain(null);
  answered = asked;
  answer.innerHTML = html;
  const whole = answer.querySelector("[data-summary]");
  spoken.textContent = whole ? whole.dataset.summary : "";
}

text.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(update, WAIT);
});
document.getElementById("clear").addEventListener("click", () => {
  text.value = "";
  update();
  text.focus();
});
// Closing clears it, also where a browser would keep the page for "back".
addEventListener("pagehide", () => { text.value = ""; answer.textContent = ""; });

// ------------------------------------------------------------------ files

async function readFiles(files) {
  const several = document.getElementById("file").multiple;
  const texts = several && text.value.trim() ? [text.value.trim()] : [];
  try {
    for (const file of several ? files : [files[0]]) {
      if (file.size > Number(form.dataset.largestAttachment)) throw new Error("This file is too large for a story.");
      const headers = { "content-type": "application/octet-stream", "x-file-name": encodeURIComponent(file.name) };
      texts.push(await ask("/attachment", file, headers));
    }
    text.value = texts.join("\n\n---\n\n");
    await update();
  } catch (error) {
    complain(error);
  }
}

document.getElementById("file").addEventListener("change", (event) => {
  if (event.target.files.length) readFiles([...event.target.files]).then(() => { event.target.value = ""; });
});
addEventListener("dragover", (event) => {
  if (![...event.dataTransfer.types].includes("Files")) return;
  event.preventDefault();
  form.classList.add("over");
});
addEventListener("dragleave", () => form.classList.remove("over"));
addEventListener("drop", (event) => {
  form.classList.remove("over");
  if (!event.dataTransfer.files.length) return;
  event.preventDefault();
  readFiles([...event.dataTransfer.files]);
});

// -------------------------------------------------------------- sentences

const storyOf = (element) => element.closest(".story");
const numberOf = (story) => Number(story.dataset.story);

function choose(sentence) {
  const story = storyOf(sentence);
  for (const other of story.querySelectorAll(".sentence")) {
    other.tabIndex = other === sentence ? 0 : -1;
    other.setAttribute("aria-pressed", String(other === sentence));
  }
  const parts = { text: answered, story: numberOf(story), sentence: Number(sentence.dataset.number) };
  askAbout("/sentence", parts)
    .then((html) => { story.querySelector(".sentence-answer").innerHTML = html; })
    .catch(complain);
}

function leave(story) {
  story.querySelector(".sentence-answer").textContent = "";
  for (const sentence of story.querySelectorAll(".sentence")) sentence.setAttribute("aria-pressed", "false");
}

answer.addEventListener("click", (event) => {
  const sentence = event.target.closest(".sentence");
  if (sentence && getSelection().isCollapsed) return choose(sentence);
  const button = event.target.closest("[data-do]");
  if (button) DO[button.dataset.do](button);
});
answer.addEventListener("keydown", (event) => {
  const sentence = event.target.closest(".sentence");
  if (!sentence) return;
  if (event.key === "Escape") leave(storyOf(sentence));
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    choose(sentence);
  }
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const all = [...storyOf(sentence).querySelectorAll(".sentence")];
  const next = all[all.indexOf(sentence) + step];
  if (!next) return;
  sentence.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
});

// ------------------------------------------------------------ corrections

let selected = null; // the words last selected in a story: focus on a button must not lose them

// Characters as Python counts them; JavaScript counts some twice.
const count = (string) => [...string].length;

document.addEventListener("selectionchange", () => {
  const range = getSelection().rangeCount && getSelection().getRangeAt(0);
  const story = range && !range.collapsed && range.startContainer.parentElement?.closest(".story");
  if (!story || !story.querySelector(".text").contains(range.startContainer)) return;
  selected = { story: numberOf(story), ...measure(story, range) };
});

function measure(story, range) {
  const found = { start: null, end: null, text: "" };
  for (const holder of story.querySelectorAll("[data-start]")) {
    const words = holder.firstChild;
    if (!words || !range.intersectsNode(words)) continue;
    const from = words === range.startContainer ? range.startOffset : 0;
    const to = words === range.endContainer ? range.endOffset : words.data.length;
    if (from >= to) continue;
    const start = Number(holder.dataset.start);
    if (found.start === null) found.start = start + count(words.data.slice(0, from));
    found.end = start + count(words.data.slice(0, to));
    found.text += words.data.slice(from, to);
  }
  return found;
}

function wordsToMark(story) {
  if (selected && selected.story === numberOf(story) && selected.start !== null) return selected;
  const holder = story.querySelector('.sentence[aria-pressed="true"] [data-start]');
  if (!holder) return null;
  const start = Number(holder.dataset.start);
  return { start, end: start + count(holder.textContent), text: holder.textContent };
}

function listMark(list, name, mark, ground) {
  const item = document.createElement("li");
  Object.assign(item.dataset, { cause: mark.cause, start: mark.start, end: mark.end });
  const words = document.createElement("span");
  const bold = document.createElement("b");
  bold.textContent = name;
  words.append(bold, ` “${mark.text}”`);
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "quiet", textContent: "Remove" });
  button.dataset.do = "unmark";
  button.setAttribute("aria-label", "Remove this mark");
  const choice = ground.cloneNode(true);
  choice.value = ground.value; // a copy forgets what was chosen
  choice.setAttribute("aria-label", "Ground of this mark");
  item.append(words, " ", choice, " ", button);
  list.append(item);
}

// What a button does, by its name.
const DO = {
  print: () => print(),
  mark(button) {
    const story = storyOf(button);
    const words = wordsToMark(story);
    if (!words) return complain(new Error("Select words in the story first, or choose a sentence."));
    complain(null);
    const cause = story.querySelector('[name="cause"]');
    const mark = { ...words, cause: cause.value };
    const ground = story.querySelector('.marking [name="ground"]');
    listMark(story.querySelector(".marks"), cause.selectedOptions[0].textContent, mark, ground);
    story.querySelector(`[name="label"][value="${CSS.escape(mark.cause)}"]`).checked = true;
    const none = story.querySelector('[name="label"][value="unexplained"]');
    if (none) none.checked = false;
    selected = null;
  },
  unmark(button) {
    const list = button.closest(".marks");
    button.closest("li").remove();
    (list.querySelector("button") || storyOf(list).querySelector('[data-do="mark"]')).focus();
  },
  ask(button) { storyOf(button).querySelector(".ask").hidden = false; },
  leave(button) {
    storyOf(button).querySelector(".ask").hidden = true;
    storyOf(button).querySelector('[data-do="ask"]').focus();
  },
  async keep(button) {
    const story = storyOf(button);
    const labels = [...story.querySelectorAll('[name="label"]:checked')].map((box) => box.value);
    const evidence = [...story.querySelectorAll(".marks li")]
      .map((li) => ({
        cause: li.dataset.cause,
        start: Number(li.dataset.start),
        end: Number(li.dataset.end),
        ground: li.querySelector("select").value,
      }))
      .filter((mark) => labels.includes(mark.cause));
    try {
      story.querySelector(".kept").innerHTML =
        await askAbout("/keep", { text: answered, story: numberOf(story), labels, evidence });
      story.querySelector(".ask").hidden = true;
      complain(null);
    } catch (error) {
      complain(error);
    }
  },
};
