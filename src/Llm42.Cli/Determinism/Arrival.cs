using Llm42.Cli.Options;

namespace Llm42.Cli.Determinism;

/// <summary>A request that joins the load.</summary>
/// <param name="Prompt">Its prompt.</param>
/// <param name="Options">How it is answered.</param>
/// <param name="AfterTokens">It arrives once the requests before it have brought this many tokens.</param>
/// <param name="IsChecked">This is the request whose answer is looked at; the others are its neighbours.</param>
internal sealed record Arrival(
    PromptSource Prompt, GenerationOptions Options, int AfterTokens, bool IsChecked);
