import { countDistinct, firstOtherBits, firstOtherToken } from "./compare.js";
import { count, el, figure } from "./dom.js";

/** The answers of a run: how many differ, and all of them token by token, compared with answer 0. */
export class LabReport {
    #answers = [];
    #rollbacks = 0;
    #verdict = el("p", { class: "verdict", text: "Waiting for answer 0…" });
    #facts = el("p", { class: "facts" });
    #numbers = el("tr", {}, el("th", { scope: "col", text: "Answer" }), el("th", { scope: "col", text: "First difference" }));
    #rows = el("tbody");
    #columns = 0;
    #title;

    constructor(isDeterministic) {
        this.#title = isDeterministic ? "With determinism" : "Without determinism";
        const caption = el("caption", { class: "hidden", text: `${this.#title}: each row an answer, each column a token; marked is the first that differs from answer 0.` });
        this.element = el("section", { class: "report", "aria-label": this.#title },
            el("h3", { text: this.#title }),
            this.#verdict,
            this.#facts,
            // To be scrolled with the keyboard it must take the focus.
            el("div", { class: "grid", role: "region", tabindex: "0", "aria-label": `Tokens ${this.#title.toLowerCase()}` },
                el("table", {}, caption, el("thead", {}, this.#numbers), this.#rows)));
    }

    /** Shows an answer, which had so many neighbours. */
    add({ tokens, rollbacks }, neighbours) {
        const index = this.#answers.length;
        this.#answers.push(tokens);
        this.#rollbacks += rollbacks;
        while (this.#columns < tokens.length)
            this.#numbers.append(el("th", { scope: "col", text: String(++this.#columns) }));
        this.#rows.append(rowOf(index, tokens, this.#answers[0], neighbours));
        this.#tell();
    }

    /** Shows what can be told when all answers are there. */
    finish(tokensPerSecond, note) {
        this.#facts.textContent += ` · ${figure(tokensPerSecond)} tokens/s, neighbours included`;
        if (note)
            this.#facts.after(el("p", { class: "note", text: note }));
        this.#scrollToFirst();
    }

    /** Where the answers part may lie far to the right. */
    #scrollToFirst() {
        const others = this.#answers.map(answer => firstOtherToken(answer, this.#answers[0])).filter(place => place >= 0);
        if (others.length === 0)
            return;
        const grid = this.#rows.closest(".grid");
        const cell = this.#rows.firstChild.children[Math.min(...others) + 2] ?? this.#rows.firstChild.lastChild;
        grid.scrollLeft = cell.offsetLeft - grid.clientWidth / 2;
    }

    #tell() {
        const { byTokens, byBits } = countDistinct(this.#answers);
        const all = count(this.#answers.length, "answer");
        this.#verdict.classList.toggle("differs", byBits > 1);
        this.#verdict.replaceChildren(
            byBits === 1
                ? el("strong", { text: `${all}, all the same to the last bit.` })
                : el("strong", { text: byTokens === 1 ? `${all}: the same tokens, but ${byBits} sets of bits.` : `${all} in ${byTokens} versions.` }));
        this.#facts.textContent = `Distinct by tokens: ${byTokens} · by log-probability bits: ${byBits}`
            + ` · rolled back: ${count(this.#rollbacks, "window")}`;
    }
}

function rowOf(index, tokens, reference, neighbours) {
    const token = firstOtherToken(tokens, reference);
    const bits = firstOtherBits(tokens, reference);
    const row = el("tr", {},
        el("th", { scope: "row", text: String(index), "aria-label": `Answer ${index}, amid ${count(neighbours, "neighbour")}` }),
        el("td", { class: "where" }));
    tokens.forEach((one, i) => row.append(cellOf(one, i, reference[i], token, bits)));
    // An answer that is shorter than answer 0 differs by its end.
    if (token >= tokens.length && token !== -1)
        row.append(el("td", { class: "token first" }, mark(), "∎"));
    row.children[1].append(whereOf(index, row, token, bits));
    return row;
}

function cellOf(token, i, reference, firstToken, firstBits) {
    const isPast = firstToken !== -1 && i > firstToken;
    const hasOtherBits = !isPast && i !== firstToken && reference && reference.bits !== token.bits;
    const cell = el("td", {
        class: ["token", i === firstToken && "first", isPast && "past", hasOtherBits && "bits", hasOtherBits && i === firstBits && "first-bits"]
            .filter(Boolean).join(" "),
        title: `${JSON.stringify(token.text)}, id ${token.id}, log-probability ${token.logprob} (bits ${token.bits})`,
    });
    if (i === firstToken)
        cell.append(mark());
    cell.append(shown(token.text));
    return cell;
}

const mark = () => el("span", { class: "hidden", text: "First difference: " });

/** What leads to the first difference of a row. */
function whereOf(index, row, token, bits) {
    if (index === 0)
        return "compared with";
    if (bits === -1)
        return "none";
    const column = token === -1 ? bits : token;
    return el("button", {
        type: "button",
        class: token === -1 ? "jump" : "jump first-jump",
        text: token === -1 ? `bits of ${bits + 1}` : `token ${token + 1}`,
        onclick: () => {
            const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
            row.children[column + 2].scrollIntoView({ inline: "center", block: "nearest", behavior: calm ? "auto" : "smooth" });
        },
    });
}

/** A token's text with its spaces and line ends to be seen. */
const shown = text => text === "" ? "∅" : text.replaceAll("\n", "↵").replaceAll("\t", "⇥").replaceAll(" ", "·");
