/* A number that is hovered, focused or tapped shows where it comes from: the entry that stands at the foot of the page. */
(function () {
  "use strict";
  var open = null;
  var timer = 0;

  function close() {
    window.clearTimeout(timer);
    if (open) {
      open.card.remove();
      open.link.setAttribute("aria-expanded", "false");
      open = null;
    }
  }

  function place(link, card) {
    var at = link.getBoundingClientRect();
    var page = document.documentElement;
    var width = card.offsetWidth;
    var left = Math.max(8, Math.min(at.left, page.clientWidth - width - 8));
    var below = at.bottom + card.offsetHeight + 8 < page.clientHeight || at.top < card.offsetHeight + 8;
    var frame = card.offsetParent.getBoundingClientRect();
    card.style.left = left - frame.left + "px";
    card.style.top = (below ? at.bottom + 4 : at.top - card.offsetHeight - 4) - frame.top + "px";
  }

  function show(link) {
    if (open && open.link === link) { return; }
    close();
    var entry = document.getElementById(link.getAttribute("href").slice(1));
    if (!entry) { return; }
    var card = document.createElement("div");
    card.className = "fact-card";
    card.id = "fact-card";
    card.setAttribute("role", "group");
    card.setAttribute("aria-label", "Source of " + link.textContent);
    card.innerHTML = entry.innerHTML;
    document.querySelector("main").append(card);
    place(link, card);
    link.setAttribute("aria-expanded", "true");
    link.setAttribute("aria-controls", "fact-card");
    card.addEventListener("mouseenter", function () { window.clearTimeout(timer); });
    card.addEventListener("mouseleave", leave);
    card.addEventListener("keydown", function (event) {
      var links = card.querySelectorAll("a");
      if (event.key === "Tab" && ((event.shiftKey && event.target === links[0]) || (!event.shiftKey && event.target === links[links.length - 1]))) {
        event.preventDefault();
        close();
        link.dataset.quiet = "1";
        link.focus();
      }
    });
    open = { link: link, card: card };
  }

  function leave() {
    window.clearTimeout(timer);
    timer = window.setTimeout(close, 250);
  }

  document.querySelectorAll("a.fact-link").forEach(function (link) {
    link.setAttribute("aria-expanded", "false");
    link.addEventListener("mouseenter", function () { window.clearTimeout(timer); show(link); });
    link.addEventListener("mouseleave", leave);
    link.addEventListener("focus", function () {
      if (link.dataset.quiet) { delete link.dataset.quiet; return; }
      show(link);
    });
    link.addEventListener("click", function (event) { event.preventDefault(); show(link); });
    /* The card stands at the end of the text: lead the keyboard into it and back. */
    link.addEventListener("keydown", function (event) {
      if (event.key === "Tab" && !event.shiftKey && open && open.link === link) {
        var first = open.card.querySelector("a");
        if (first) { event.preventDefault(); first.focus(); }
      } else if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        show(link);
      }
    });
  });

  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape" && open) {
      var link = open.link;
      close();
      link.dataset.quiet = "1";
      link.focus();
    }
  });
  document.addEventListener("focusin", function (event) {
    if (open && event.target !== open.link && !open.card.contains(event.target)) { close(); }
  });
  document.addEventListener("pointerdown", function (event) {
    if (open && !open.card.contains(event.target) && !open.link.contains(event.target)) { close(); }
  });
}());
