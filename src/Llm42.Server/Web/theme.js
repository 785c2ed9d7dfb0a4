// Runs before anything is painted, so that the page does not flash in the other theme.
"use strict";
{
    let stored = null;
    try {
        stored = localStorage.getItem("llm42-theme");
    } catch {
        // No storage: the system's theme.
    }
    if (stored === "dark" || stored === "light")
        document.documentElement.dataset.theme = stored;
}
