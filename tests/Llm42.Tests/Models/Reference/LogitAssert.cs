using Llm42.Core.Execution;

namespace Llm42.Tests.Models.Reference;

/// <summary>Compares what an engine says of a row with reference logits.</summary>
internal static class LogitAssert
{
    /// <summary>
    /// Fails unless the log-probabilities of all tokens are those of the logits, within a share of the largest logit.
    /// Returns the largest error found, as such a share.
    /// </summary>
    public static double Same(double[] expected, IReadOnlyList<TokenLogprob> found, double tolerance, string what)
    {
        Assert.HasCount(expected.Length, found, what);
        var largest = expected.Max(Math.Abs);
        var logprobs = Engine.Golden.LogSoftmax(expected);
        var worst = found.MaxBy(token => Error(token));
        if (!(Error(worst) <= tolerance * largest))
            Assert.Fail(
                $"{what}: token {worst.TokenId} has log-probability {worst.Logprob}, not {logprobs[worst.TokenId]}: "
                + $"off by {Error(worst) / largest:E1} of the largest logit.");
        return Error(worst) / largest;

        double Error(TokenLogprob token)
        {
            var error = Math.Abs(token.Logprob - logprobs[token.TokenId]);
            return double.IsNaN(error) ? double.PositiveInfinity : error;
        }
    }

    /// <summary>The likeliest token, and how far its logit is above the next.</summary>
    public static (int Token, double Gap) Top(double[] logits)
    {
        var ranked = Enumerable.Range(0, logits.Length).OrderByDescending(token => logits[token]).Take(2).ToArray();
        return (ranked[0], logits[ranked[0]] - logits[ranked[1]]);
    }
}
