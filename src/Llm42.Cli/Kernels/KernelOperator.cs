namespace Llm42.Cli.Kernels;

/// <summary>The operators that are measured. A family is the part before the dot.</summary>
internal static class KernelOperator
{
    public const string LinearQkv = "linear.qkv";
    public const string LinearOutput = "linear.o";
    public const string LinearGateUp = "linear.gate_up";
    public const string LinearDown = "linear.down";
    public const string LinearHead = "linear.lm_head";
    public const string MoeRoute = "moe.route";
    public const string MoePermute = "moe.permute";
    public const string MoeGateUp = "moe.gate_up";
    public const string MoeDown = "moe.down";
    public const string MoeCombine = "moe.combine";
    public const string AttentionDecode = "attention.decode";
    public const string AttentionPrefill = "attention.prefill";
    public const string RmsNorm = "rms_norm";
    public const string RopeWriteKv = "rope_write_kv";
    public const string Greedy = "sample.greedy";
    public const string Sample = "sample.top_p";
    public const string TopLogprobs = "top_logprobs";
    public const string CopyPage = "copy_page";

    /// <summary>All of them, with what they are.</summary>
    public static IReadOnlyDictionary<string, string> All { get; } = new Dictionary<string, string>
    {
        [LinearQkv] = "queries, keys and values in one product",
        [LinearOutput] = "attention output, added to the residual",
        [LinearGateUp] = "gate and up in one product, SwiGLU behind it",
        [LinearDown] = "down, added to the residual",
        [LinearHead] = "logits, f32",
        [MoeRoute] = "the experts of each row",
        [MoePermute] = "rows in the order of their experts",
        [MoeGateUp] = "gate and up of the experts, each with its rows, SwiGLU behind it",
        [MoeDown] = "down of the experts, each with its rows",
        [MoeCombine] = "the experts' outputs, weighted and added to the residual",
        [AttentionDecode] = "one row for each of M sequences",
        [AttentionPrefill] = "the last M rows of one sequence",
        [RmsNorm] = "root mean square normalisation of the residual stream",
        [RopeWriteKv] = "rotary embedding, write of keys and values",
        [Greedy] = "the largest logit",
        [Sample] = "temperature 0.8, top_p 0.9",
        [TopLogprobs] = "log-probabilities of the 20 most likely tokens",
        [CopyPage] = "a KV page copied in every layer",
    };

    /// <summary>The words that choose operators: their names and their families.</summary>
    public static IReadOnlyList<string> Words { get; } = [.. All.Keys.Concat(All.Keys.Select(Family)).Distinct()];

    /// <summary>Whether a word stands for an operator.</summary>
    public static bool Chooses(string word, string name) => word == name || word == Family(name);

    private static string Family(string name) => name.Split('.')[0];
}
