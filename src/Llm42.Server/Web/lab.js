import { ask } from "./api.js";
import { bitsOf } from "./compare.js";
import { byId, count, el, problem } from "./dom.js";
import { LabReport } from "./lab-report.js";
import { Neighbours, pick, randomOf } from "./load.js";

const MOST_AT_ONCE = 4;

/** Wires the determinism lab. */
export function startLab(settings) {
    const form = byId("lab-form");
    const status = byId("lab-status");
    let running = null;
    explain(settings);
    byId("lab-tokens").max = Math.max(1, Math.min(256, settings.max_context >> 1));
    byId("lab-tokens").value = Math.min(48, byId("lab-tokens").max);
    if (!settings.offers_determinism) {
        byId("lab-runs").value = "without";
        byId("lab-runs").disabled = true;
    }
    setRunning(null);

    form.addEventListener("submit", event => {
        event.preventDefault();
        if (!running && form.reportValidity())
            void runAll();
    });
    byId("lab-stop").addEventListener("click", () => running?.abort());
    addEventListener("keydown", event => {
        if (event.key === "Escape" && running) {
            event.preventDefault();
            running.abort();
        }
    });

    function setRunning(controller) {
        running = controller;
        byId("lab-run").disabled = controller !== null || !settings.has_tokenizer;
        byId("lab-stop").disabled = controller === null;
        byId("lab-results").setAttribute("aria-busy", String(controller !== null));
    }

    async function runAll() {
        const controller = new AbortController();
        const plan = read();
        setRunning(controller);
        byId("lab-problem").replaceChildren();
        byId("lab-results").replaceChildren();
        try {
            for (const isDeterministic of plan.modes) {
                const report = new LabReport(isDeterministic);
                byId("lab-results").append(report.element);
                await run(plan, isDeterministic, report, controller.signal);
            }
            status.textContent = "Done.";
        } catch (error) {
            status.textContent = controller.signal.aborted ? "Stopped." : "Ended early.";
            if (!controller.signal.aborted)
                byId("lab-problem").append(problem(error));
        }
        setRunning(null);
    }

    async function run(plan, isDeterministic, report, signal) {
        const random = randomOf(plan.seed);
        const neighbours = new Neighbours(plan.seed + 1, settings.max_context, isDeterministic);
        const before = await ask("page/live", null, signal);
        try {
            let done = 0;
            while (done < plan.answers) {
                // Answer 0 is alone; the others come one by one or together, amid more or less.
                const size = done === 0 ? 1 : Math.min(plan.answers - done, pick(random, 1, MOST_AT_ONCE));
                const level = done === 0 || plan.neighbours === 0 ? 0 : pick(random, 1, plan.neighbours);
                neighbours.level = level;
                status.textContent = `${isDeterministic ? "With" : "Without"} determinism: ${done} of ${plan.answers} answers, `
                    + `now ${size} amid ${count(level, "neighbour")}.`;
                const batch = await ask("generate", {
                    text: Array(size).fill(plan.prompt),
                    is_deterministic: isDeterministic,
                    return_logprob: true,
                    return_text_in_logprobs: true,
                    sampling_params: { max_new_tokens: plan.tokens, temperature: plan.temperature, sampling_seed: plan.seed },
                }, signal);
                for (const answer of batch)
                    report.add(answerOf(answer), level);
                done += size;
            }
            const after = await ask("page/live", null, signal);
            report.finish(rateOf(before, after), batchProblem(neighbours));
        } finally {
            await neighbours.stop();
        }
    }

    function read() {
        const number = id => byId(id).valueAsNumber;
        const runs = byId("lab-runs").value;
        return {
            prompt: byId("lab-prompt").value,
            answers: number("lab-answers"),
            tokens: number("lab-tokens"),
            neighbours: number("lab-neighbours"),
            temperature: number("lab-temperature"),
            seed: number("lab-seed"),
            modes: runs === "both" ? [false, true] : [runs === "with"],
        };
    }
}

/** Says what there is to see on this server, where that is not plain. */
function explain(settings) {
    const sentences = [];
    if (!settings.has_tokenizer)
        sentences.push("This model has no tokenizer, so the page cannot put a prompt to it.");
    if (!settings.offers_determinism)
        sentences.push("This server was started with determinism off: only runs without it can be made.");
    if (settings.fast_is_invariant)
        sentences.push("There will be nothing to tell apart: on this server fast and invariant numerics are the same bits"
            + (settings.planned_threads ? ` (fast numerics are planned for ${count(settings.planned_threads, "thread")})` : "")
            + ", so no load can change an answer. Start it with --planned-threads 64 to cut sums up as a 64-core machine does.");
    else if (settings.offers_determinism && !settings.drafts)
        sentences.push("This server decodes deterministic requests under invariant numerics, so nothing is drafted and nothing rolls back. "
            + "Start it with --drafter same to see the verify loop.");
    byId("lab-note").textContent = sentences.join(" ");
    byId("lab-note").hidden = sentences.length === 0;
}

function answerOf({ meta_info }) {
    return {
        tokens: meta_info.output_token_logprobs.map(([logprob, id, text]) => ({ id, text, logprob, bits: bitsOf(logprob) })),
        rollbacks: meta_info.llm42_num_rollbacks,
    };
}

/** Tokens that the server made in a second, neighbours included. */
function rateOf(before, after) {
    const tokens = figures => figures.ordinary_tokens + figures.deterministic_tokens;
    return (tokens(after) - tokens(before)) * 1000 / (after.milliseconds - before.milliseconds);
}

const batchProblem = neighbours => neighbours.problem
    ? `The neighbours ended early: ${neighbours.problem.message} ${neighbours.problem.advice}` : null;
