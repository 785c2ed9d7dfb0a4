namespace Llm42.Cli.Determinism;

/// <summary>The rows of a random output matrix.</summary>
/// <param name="Common">Scale of the random row that all have in common.</param>
/// <param name="Own">Scale of what each has of its own.</param>
/// <param name="IsApart">
/// What they have in common is in the even columns and their own in the odd ones, instead of a sum in each: the only way
/// in which rows stay apart whose weights are rounded to bf16.
/// </param>
internal sealed record RandomHead(float Common, float Own, bool IsApart)
{
    /// <summary>Nearly equal rows in f32.</summary>
    public static readonly RandomHead Flat = new(1, 3e-7f, IsApart: false);

    /// <summary>Nearly equal rows in f32 and in bf16.</summary>
    public static readonly RandomHead FlatInBf16 = new(1, 1e-6f, IsApart: true);

    /// <summary>Rows that have nothing in common, and logits of the size of a trained model's.</summary>
    public static readonly RandomHead Independent = new(0, 0.1f, IsApart: false);
}
