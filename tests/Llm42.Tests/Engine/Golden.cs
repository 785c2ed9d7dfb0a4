using System.Text.Json;
using Llm42.Testing;

namespace Llm42.Tests.Engine;

/// <summary>Reference answers in the shared data folder.</summary>
internal static class Golden
{
    public static JsonElement Read(params string[] parts) =>
        JsonDocument.Parse(File.ReadAllBytes(RepositoryRoot.InShared(string.Join('/', parts)))).RootElement;

    public static int[] Integers(this JsonElement element) => [.. element.EnumerateArray().Select(item => item.GetInt32())];

    /// <summary>Pairs of token id and logit.</summary>
    public static (int Id, double Logit)[] Logits(this JsonElement element) =>
        [.. element.EnumerateArray().Select(pair => (pair[0].GetInt32(), pair[1].GetDouble()))];

    /// <summary>Log-probabilities of a whole row of logits.</summary>
    public static double[] LogSoftmax(IReadOnlyList<double> logits)
    {
        var largest = logits.Max();
        var sum = Math.Log(logits.Sum(logit => Math.Exp(logit - largest))) + largest;
        return [.. logits.Select(logit => logit - sum)];
    }
}
