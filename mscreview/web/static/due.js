/* Warns a reader whose clock is past the day on which the page was to be searched for again. The page itself knows no clock. */
(function () {
  "use strict";

  function today() {
    var now = new Date();
    var two = function (n) { return (n < 10 ? "0" : "") + n; };
    return now.getFullYear() + "-" + two(now.getMonth() + 1) + "-" + two(now.getDate());
  }

  // This script stands right behind the state, so that what follows is placed once.
  document.querySelectorAll(".chapter-state[data-due]").forEach(function (state) {
    var due = state.getAttribute("data-due");
    var line = state.querySelector(".state-late");
    var words = state.querySelector("time.state-due");
    if (!line || today() <= due) { return; }
    line.textContent = "A search was due on " + (words ? words.textContent : due) + "; this page may be out of date.";
  });
}());
