/* What the page around the text does: buttons of the header, and links that land where they lead. */
(function () {
  "use strict";
  /* A policy forbids code in attributes, so buttons say only which one they are. */
  var presses = {
    "print": function () { window.print(); },
    "full-screen": function () { window.toggleFullScreen(); },
  };
  document.querySelectorAll("[data-press]").forEach(function (button) {
    button.addEventListener("click", presses[button.dataset.press]);
  });

  /* What a link leads to stays where it landed while what stands above it takes its size, until the reader moves or all is still. */
  function settle() {
    var target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    var text = document.querySelector("main article");
    if (!target || !text || target.matches("tr")) { return; }
    var watch = new ResizeObserver(function () { target.scrollIntoView({ block: "start", behavior: "instant" }); });
    var signs = ["wheel", "touchstart", "pointerdown", "keydown"];
    function stop() {
      watch.disconnect();
      signs.forEach(function (sign) { window.removeEventListener(sign, stop); });
    }
    signs.forEach(function (sign) { window.addEventListener(sign, stop, { passive: true }); });
    window.setTimeout(stop, 3000);
    watch.observe(text);
  }
  settle();
  window.addEventListener("hashchange", settle);
}());
