namespace Llm42.Core.Profiling;

/// <summary>What a step spends its time on: operators of the device, then work of the host.</summary>
public enum StepPart
{
    /// <summary>KV pages copied before the rows run.</summary>
    CopyPage,

    /// <summary>Rows of the embedding table.</summary>
    Embedding,

    /// <summary>Norms of the residual stream, of heads, and before the vocabulary projection.</summary>
    RmsNorm,

    /// <summary>Queries, keys and values in one product.</summary>
    LinearQkv,

    /// <summary>Rotary embedding, write of keys and values.</summary>
    RopeWriteKv,

    /// <summary>Attention over the paged cache.</summary>
    Attention,

    /// <summary>Attention output, added to the residual stream.</summary>
    LinearOutput,

    /// <summary>Gate and up in one product, SwiGLU behind it.</summary>
    LinearGateUp,

    /// <summary>Down, added to the residual stream.</summary>
    LinearDown,

    /// <summary>Scores of the experts.</summary>
    MoeRouter,

    /// <summary>The experts of each row.</summary>
    MoeRoute,

    /// <summary>Rows in the order of their experts.</summary>
    MoePermute,

    /// <summary>Gate and up of the experts.</summary>
    MoeGateUp,

    /// <summary>Down of the experts.</summary>
    MoeDown,

    /// <summary>The experts' outputs, weighted and added to the residual stream.</summary>
    MoeCombine,

    /// <summary>Picks the rows that are predicted.</summary>
    GatherRows,

    /// <summary>The vocabulary projection.</summary>
    LinearHead,

    /// <summary>Choice of the tokens.</summary>
    Sample,

    /// <summary>Log-probabilities of the chosen and of the most likely tokens.</summary>
    TopLogprobs,

    /// <summary>Host: taking requests in, deciding which rows run, giving them pages.</summary>
    HostSchedule,

    /// <summary>Host: laying out the batch and what is wanted of its rows, and uploading it.</summary>
    HostBatch,

    /// <summary>Host: from one operator to the next.</summary>
    HostLaunch,

    /// <summary>Host: waiting for the device's results and reading them.</summary>
    HostResults,

    /// <summary>Host: comparing, committing and rolling back.</summary>
    HostVerify,

    /// <summary>Host: counting, handing tokens to requests, ending requests.</summary>
    HostPublish,
}
