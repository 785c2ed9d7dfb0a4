import { stream } from "./api.js";
import { byId, count, el, figure, problem } from "./dom.js";

/** Wires the chat. A model without a chat template continues the text of the conversation as it stands. */
export function startChat(settings) {
    const form = byId("composer");
    const message = byId("message");
    const transcript = byId("transcript");
    const isChat = settings.has_chat_template;
    let turns = [];
    let running = null;

    byId("chat-mode").textContent = modeOf(settings);
    byId("system-field").hidden = !isChat;
    byId("deterministic").checked = settings.offers_determinism;
    byId("deterministic").disabled = !settings.offers_determinism;
    byId("max-tokens").max = settings.max_context;
    byId("max-tokens").value = Math.min(256, Math.max(1, settings.max_context >> 1));
    message.placeholder = isChat ? "Message" : "Text to continue";
    setRunning(null);

    form.addEventListener("submit", event => {
        event.preventDefault();
        void answer();
    });
    message.addEventListener("keydown", event => {
        // While characters are composed, Enter belongs to the input method.
        if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
            event.preventDefault();
            void answer();
        }
    });
    addEventListener("keydown", event => {
        if (event.key === "Escape" && running) {
            event.preventDefault();
            running.abort();
        }
    });
    byId("stop").addEventListener("click", () => running?.abort());
    byId("chat-new").addEventListener("click", () => {
        running?.abort();
        turns = [];
        transcript.replaceChildren();
        message.focus();
    });

    function setRunning(controller) {
        running = controller;
        byId("send").disabled = controller !== null || !settings.has_tokenizer;
        byId("stop").disabled = controller === null;
        transcript.setAttribute("aria-busy", String(controller !== null));
    }

    async function answer() {
        const text = message.value;
        // A plain text may go on without anything new behind it.
        if (running || !settings.has_tokenizer || (text.trim() === "" && (isChat || turns.length === 0)))
            return;
        const wrong = [...document.querySelectorAll("#chat-options input")].find(input => !input.checkValidity());
        if (wrong) {
            byId("chat-options").open = true;
            wrong.reportValidity();
            return;
        }

        const controller = new AbortController();
        setRunning(controller);
        message.value = "";
        const conversation = turns;
        const asked = text === "" ? [] : [{ role: "user", content: text }];
        const shownQuestion = text === "" ? null : turn("You", "user", text);
        const shown = turn(settings.model, "assistant", "");
        transcript.append(...[shownQuestion, shown].filter(Boolean));
        toEnd();
        const said = await listen(requestOf([...turns, ...asked]), shown, controller);
        // Whoever began a new conversation meanwhile has this one no more.
        if (conversation === turns) {
            if (said === null) {
                shownQuestion?.remove();
                message.value ||= text;
            } else {
                turns = [...turns, ...asked, { role: "assistant", content: said }];
            }
        }
        setRunning(null);
    }

    /** Shows an answer as it comes; its text, or null where nothing came but an error. */
    async function listen({ path, body }, shown, controller) {
        const place = shown.querySelector(".text");
        const started = performance.now();
        let said = "";
        let reason = null;
        let last = {};
        let failure = null;
        try {
            for await (const event of stream(path, body, controller.signal)) {
                const choice = event.choices[0];
                const piece = choice?.delta?.content ?? choice?.text ?? "";
                reason = choice?.finish_reason ?? reason;
                last = { ...last, ...event };
                if (piece === "")
                    continue;
                const stay = !isAtEnd();
                said += piece;
                place.append(piece);
                if (!stay)
                    toEnd();
            }
        } catch (error) {
            if (controller.signal.aborted)
                reason = "stopped";
            else
                failure = error;
        }
        const seconds = (performance.now() - started) / 1000;
        shown.classList.remove("pending");
        if (failure) {
            shown.append(problem(failure));
            if (said === "")
                place.remove();
            return said === "" ? null : said;
        }
        shown.append(factsOf(last, reason, seconds));
        if (last.llm42)
            shown.append(guaranteeOf(last));
        if (isAtEnd(200))
            toEnd();
        return said;
    }

    function requestOf(messages) {
        const number = id => byId(id).value === "" ? undefined : byId(id).valueAsNumber;
        const common = {
            model: settings.model,
            stream: true,
            stream_options: { include_usage: true },
            temperature: number("temperature"),
            top_p: number("top-p"),
            seed: number("seed"),
            max_tokens: number("max-tokens"),
            is_deterministic: byId("deterministic").checked,
        };
        if (!isChat)
            return { path: "v1/completions", body: { ...common, prompt: messages.map(turn => turn.content).join("") } };
        const system = byId("system").value.trim();
        return {
            path: "v1/chat/completions",
            body: { ...common, messages: system ? [{ role: "system", content: system }, ...messages] : messages },
        };
    }
}

function modeOf(settings) {
    if (!settings.has_tokenizer)
        return "This model has no tokenizer, so the page cannot put text to it. Send token ids to POST /generate.";
    if (settings.has_chat_template)
        return "The conversation lives in this tab; the server keeps none of it.";
    return (settings.chat_template_problem
        ? `The model's chat template cannot be used: ${settings.chat_template_problem} `
        : "This model has no chat template. ")
        + "So it continues what you write: all text above, then yours. Send nothing to let it go on.";
}

function turn(name, role, text) {
    return el("article", { class: role === "assistant" ? "turn assistant pending" : `turn ${role}` },
        el("h3", { text: name }), el("div", { class: "text", text }));
}

const ENDINGS = { stop: "ended by itself", length: "ended at the most tokens", stopped: "stopped" };

function factsOf({ usage }, reason, seconds) {
    const facts = [];
    if (usage) {
        facts.push(`${count(usage.prompt_tokens, "prompt token")}, ${figure(usage.prompt_tokens_details.cached_tokens)} cached`);
        facts.push(`${count(usage.completion_tokens, "token")} in ${figure(seconds)} s, ${figure(usage.completion_tokens / seconds)}/s`);
    }
    facts.push(ENDINGS[reason] ?? `ended: ${reason}`);
    return el("p", { class: "facts", text: facts.join(" · ") });
}

/** What was guaranteed, and what that took. */
function guaranteeOf({ llm42, system_fingerprint }) {
    const rows = [
        ["Deterministic", llm42.is_deterministic ? "yes: the same request gives these bits again" : "no"],
        ["System fingerprint", system_fingerprint],
        ["Fingerprint", llm42.fingerprint],
        ["Numerics", llm42.numerics_profile],
        ["Seed", String(llm42.seed)],
        ["Verified windows", String(llm42.verification_windows)],
        ["Rollbacks", `${llm42.rollbacks} (${count(llm42.tokens_rolled_back, "token")})`],
    ];
    return el("details", { class: "guarantee" },
        el("summary", { text: llm42.is_deterministic ? "Reproducible" : "Not reproducible" }),
        el("dl", {}, ...rows.flatMap(([name, value]) => [el("dt", { text: name }), el("dd", { text: value })])));
}

const page = document.scrollingElement;
const isAtEnd = (slack = 80) => page.scrollHeight - page.scrollTop - page.clientHeight < slack;
const toEnd = () => page.scrollTo({ top: page.scrollHeight });
