namespace Llm42.Cli.Stress;

/// <summary>A request that joins the load.</summary>
/// <param name="Number">Which of the compared requests it is; null for an ordinary neighbour.</param>
/// <param name="Repetition">How many times the same compared request came before it, 0 or more.</param>
/// <param name="Request">What is asked.</param>
/// <param name="Pause">
/// It arrives once the requests before it have brought this many tokens since the arrival before it; null: once they
/// have all ended.
/// </param>
/// <param name="CancelAfter">It is cancelled once it has this many tokens, 0 being at once; null: never.</param>
internal sealed record StressArrival(int? Number, int Repetition, StressRequest Request, int? Pause, int? CancelAfter);
