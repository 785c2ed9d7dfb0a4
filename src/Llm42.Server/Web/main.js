import { ask, keys, storeKey } from "./api.js";
import { startChat } from "./chat.js";
import { byId, el, problem } from "./dom.js";
import { startLab } from "./lab.js";
import { startLive } from "./live.js";

const VIEWS = ["chat", "lab", "live"];
const wide = matchMedia("(min-width: 70rem)");
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");

function showView() {
    const asked = location.hash.slice(1);
    if (asked && !VIEWS.includes(asked))
        return;
    // Where there is room, the live figures stand beside the others.
    const view = asked === "live" && wide.matches ? "chat" : asked || "chat";
    document.body.dataset.view = view;
    for (const link of document.querySelectorAll("nav a")) {
        if (link.dataset.view === view)
            link.setAttribute("aria-current", "page");
        else
            link.removeAttribute("aria-current");
    }
}

function isDark() {
    const theme = document.documentElement.dataset.theme;
    return theme ? theme === "dark" : systemIsDark.matches;
}

function showTheme() {
    byId("theme").setAttribute("aria-pressed", String(isDark()));
}

function toggleTheme() {
    const next = isDark() ? "light" : "dark";
    const isSystems = (next === "dark") === systemIsDark.matches;
    if (isSystems)
        delete document.documentElement.dataset.theme;
    else
        document.documentElement.dataset.theme = next;
    try {
        if (isSystems)
            localStorage.removeItem("llm42-theme");
        else
            localStorage.setItem("llm42-theme", next);
    } catch {
        // No storage: the choice lasts until the page is left.
    }
    showTheme();
}

/** Asks the user for a key, once at a time. */
function askForKey(message) {
    const dialog = byId("key-dialog");
    if (dialog.open)
        return;
    byId("key-message").textContent = `${message} The key is kept in this tab alone, until you close it.`;
    dialog.showModal();
}

/** Resolves when the user has given a key, or asks to go on. */
const userGoesOn = button => new Promise(resolve => {
    keys.addEventListener("given", resolve, { once: true });
    button.addEventListener("click", () => {
        if (button.dataset.status === "401")
            byId("key-dialog").showModal();
        else
            resolve();
    });
});

async function settle() {
    for (;;) {
        try {
            const settings = await ask("page/settings");
            byId("problem").replaceChildren();
            return settings;
        } catch (error) {
            const button = el("button", {
                type: "button", class: "quiet", "data-status": error.status, text: error.status === 401 ? "Give a key" : "Ask again",
            });
            byId("problem").replaceChildren(problem(error), button);
            await userGoesOn(button);
        }
    }
}

addEventListener("hashchange", showView);
wide.addEventListener("change", showView);
systemIsDark.addEventListener("change", showTheme);
byId("theme").addEventListener("click", toggleTheme);
keys.addEventListener("needed", event => askForKey(event.detail));
byId("key-form").addEventListener("submit", () => {
    storeKey(byId("key").value.trim());
    byId("key").value = "";
    keys.dispatchEvent(new Event("given"));
});
showView();
showTheme();

const settings = await settle();
byId("model").replaceChildren(el("strong", { text: settings.model }), ` on ${settings.device}`);
document.title = `${settings.model} · Llm42`;
startChat(settings);
startLab(settings);
startLive(settings);
document.body.dataset.ready = "";
