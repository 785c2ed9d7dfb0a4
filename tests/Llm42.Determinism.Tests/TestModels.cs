using Llm42.Cli.Determinism;
using Llm42.Testing;

namespace Llm42.Determinism.Tests;

/// <summary>The models that the contract is tried on.</summary>
internal static class TestModels
{
    private static readonly Lazy<string> FlatModel = new(() => new RandomModel().Write(
        Path.Combine(Path.GetTempPath(), $"llm42-flat-{Environment.ProcessId}"), seed: 42));

    /// <summary>The trained demo model.</summary>
    public static string Demo { get; } = RepositoryRoot.InRoot("src/Llm42.Cli/DemoModel");

    /// <summary>Random weights, and logits so flat that rounding decides; removed when the tests end.</summary>
    public static string Flat => FlatModel.Value;

    public static void RemoveFlat()
    {
        if (FlatModel.IsValueCreated)
            Directory.Delete(FlatModel.Value, recursive: true);
    }
}
