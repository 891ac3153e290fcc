/* "Cite this page": the reader's day in every form of the citation, and buttons that copy or save it. */
(function () {
  "use strict";
  var box = document.querySelector(".cite-page");
  if (!box) { return; }
  var MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

  function two(n) { return (n < 10 ? "0" : "") + n; }

  /* Asked for again whenever it is used: a page may stay open over midnight. */
  function fillDay() {
    var now = new Date();
    var parts = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())];
    var forms = { iso: parts.join("-"), ris: parts.join("/"), words: now.getDate() + " " + MONTHS[now.getMonth()] + " " + parts[0] };
    box.querySelectorAll(".cite-accessed").forEach(function (gap) { gap.textContent = forms[gap.dataset.form]; });
  }

  function source(block) { return block.querySelector(".cite-source"); }

  /* For browsers that keep the clipboard from a page: the citation is marked, so that the reader's own keys copy it. */
  function copyMarked(block) {
    var range = document.createRange();
    range.selectNodeContents(source(block));
    var selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    try { return document.execCommand("copy"); } catch (error) { return false; }
  }

  function copy(block, say) {
    fillDay();
    function fallBack() { say(copyMarked(block) ? "copied" : "marked: press Ctrl+C or ⌘C to copy"); }
    if (!navigator.clipboard) { fallBack(); return; }
    navigator.clipboard.writeText(source(block).textContent).then(function () { say("copied"); }, fallBack);
  }

  function save(block, say) {
    fillDay();
    /* RIS asks for these ends of lines; BibTeX does not mind. */
    var text = source(block).textContent.replace(/\r?\n/g, "\r\n");
    var link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: block.dataset.kind + ";charset=utf-8" }));
    link.download = block.dataset.file;
    link.hidden = true;
    box.appendChild(link);
    link.click();
    link.remove();
    window.setTimeout(function () { URL.revokeObjectURL(link.href); }, 10000);
    say("saved as " + block.dataset.file);
  }

  function button(word, label, act) {
    var made = document.createElement("button");
    made.type = "button";
    made.textContent = word;
    made.setAttribute("aria-label", word + " " + label);
    made.addEventListener("click", act);
    return made;
  }

  box.querySelectorAll(".cite-block").forEach(function (block) {
    var label = block.dataset.label;
    var status = document.createElement("span");
    status.className = "cite-status";
    status.setAttribute("role", "status");
    function say(words) { status.textContent = label + " " + words; }
    var head = block.querySelector(".cite-head");
    var row = document.createElement("div");
    row.className = "cite-row";
    head.replaceWith(row);
    row.append(head, button("Copy", label, function () { copy(block, say); }));
    if (block.dataset.file) { row.append(button("Download", label, function () { save(block, say); })); }
    row.append(status);
  });
  box.querySelector(".cite-note").remove();
  fillDay();
}());
