// Measures llama.cpp through node-llama-cpp. Reads a JSON request per line, answers each with a line.
//   {"folder": "..."}                                   -> {"version": "...", "system": "..."}
//   {"model": "file.gguf", "threads", "batch", "prompt_length", "output_length", "seed"}
//                                                       -> {"prefill_seconds", "decode_seconds"}
// Weights and contexts stay loaded. Below the package's public classes, so that a step is one batch and nothing else.
import {readFileSync} from "node:fs";
import {join} from "node:path";
import {createInterface} from "node:readline";
import {pathToFileURL} from "node:url";

const micro = 512; // Prompt tokens of a step.
const models = new Map();
let llama;
let current = {key: null, context: null};

const open = async folder => {
    const root = join(folder, "node_modules", "node-llama-cpp");
    const {version} = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const {getLlama, LlamaLogLevel} = await import(pathToFileURL(join(root, "dist", "index.js")).href);
    llama = await getLlama({gpu: false, build: "never", skipDownload: true, logLevel: LlamaLogLevel.disabled});
    return {version: `${version}, llama.cpp ${llama.llamaCppRelease.release}`, system: llama.systemInfo};
};

const contextOf = async ask => {
    const key = JSON.stringify([ask.model, ask.threads, ask.batch, ask.prompt_length, ask.output_length]);
    if (current.key === key)
        return current;
    await current.context?.dispose();
    current = {key: null, context: null};
    if (!models.has(ask.model)) {
        const model = await llama.loadModel({modelPath: ask.model, gpuLayers: 0});
        models.set(ask.model, {model, sampler: new llama._bindings.AddonSampler(model._model)});
        models.get(ask.model).sampler.applyConfig({temperature: 0});
    }
    const {model, sampler} = models.get(ask.model);
    const context = await model.createContext({
        contextSize: ask.prompt_length + ask.output_length + 1, sequences: ask.batch, batchSize: Math.max(micro, ask.batch),
        threads: {ideal: ask.threads, min: ask.threads}, flashAttention: "auto",
    });
    context._ctx.setThreads(ask.threads);
    current = {key, context, sampler, vocabulary: ask.vocabulary};
    return current;
};

const measure = async ask => {
    const {context, sampler} = await contextOf(ask);
    const core = context._ctx;
    const last = new Array(ask.batch);
    let state = ask.seed * 2654435761 >>> 0;
    const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % ask.vocabulary;
    const prompts = Array.from({length: ask.batch}, () => Uint32Array.from({length: ask.prompt_length}, random));

    let begin = performance.now();
    for (let sequence = 0; sequence < ask.batch; sequence++) {
        for (let first = 0; first < ask.prompt_length; first += micro) {
            const tokens = prompts[sequence].subarray(first, Math.min(first + micro, ask.prompt_length));
            const isLast = first + tokens.length === ask.prompt_length;
            core.initBatch(tokens.length);
            const logits = core.addToBatch(sequence, first, tokens, Uint32Array.from(isLast ? [tokens.length - 1] : []));
            await core.decodeBatch();
            if (isLast)
                last[sequence] = await core.sampleToken(logits[0], sampler);
        }
    }
    const prefillSeconds = (performance.now() - begin) / 1000;

    begin = performance.now();
    for (let step = 1; step < ask.output_length; step++) {
        core.initBatch(ask.batch);
        const logits = [];
        for (let sequence = 0; sequence < ask.batch; sequence++)
            logits.push(core.addToBatch(sequence, ask.prompt_length + step - 1, Uint32Array.of(last[sequence]), Uint32Array.of(0))[0]);
        await core.decodeBatch();
        for (let sequence = 0; sequence < ask.batch; sequence++)
            last[sequence] = await core.sampleToken(logits[sequence], sampler);
    }
    const decodeSeconds = (performance.now() - begin) / 1000;
    for (let sequence = 0; sequence < ask.batch; sequence++)
        core.disposeSequence(sequence);
    return {prefill_seconds: prefillSeconds, decode_seconds: decodeSeconds};
};

for await (const line of createInterface({input: process.stdin})) {
    const ask = JSON.parse(line);
    try {
        console.log(JSON.stringify(ask.folder ? await open(ask.folder) : await measure(ask)));
    } catch (error) {
        console.log(JSON.stringify({error: String(error?.message ?? error)}));
    }
}
process.exit(0);
