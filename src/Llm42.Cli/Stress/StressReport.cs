namespace Llm42.Cli.Stress;

/// <summary>What a stress check found.</summary>
/// <param name="Model">The model.</param>
/// <param name="Engine">The idle engine that the answers are compared with.</param>
/// <param name="Options">What was asked for.</param>
/// <param name="Totals">The configurations of the model.</param>
/// <param name="Control">Without determinism, on a model whose logits are nearly flat: the answers must differ.</param>
/// <param name="ControlWithDeterminism">The same with determinism: they must not.</param>
/// <param name="Elapsed">Time that it all took.</param>
internal sealed record StressReport(
    ModelDescription Model, EngineDescription Engine, StressOptions Options, StressTotals Totals, StressTotals Control,
    StressTotals ControlWithDeterminism, TimeSpan Elapsed)
{
    /// <summary>No deterministic answer differs, the control shows that one could, and nothing failed.</summary>
    public bool IsPass => Failures.Count == 0;

    /// <summary>What speaks against it, in words.</summary>
    public IReadOnlyList<string> Failures
    {
        get
        {
            var failures = new List<string>();
            if (Totals.Differing > 0)
                failures.Add($"{Totals.Differing} deterministic answers differ from the idle engine's");
            if (ControlWithDeterminism.Differing > 0)
                failures.Add($"{ControlWithDeterminism.Differing} deterministic answers of the random model differ from the idle engine's");
            if (Control.Differing == 0)
                failures.Add(
                    $"none of the {Control.Answers} answers of the control without determinism differs, so that nothing shows that a difference would be seen");
            foreach ((string stage, StressTotals totals) in ((string, StressTotals)[])
                [("", Totals), ("control, ", Control), ("control with determinism, ", ControlWithDeterminism)])
            {
                failures.AddRange(totals.Failures.Select(failure => stage + failure));
                if (totals.Failed > totals.Failures.Count)
                    failures.Add($"{stage}{totals.Failed - totals.Failures.Count} further failures");
            }

            return failures;
        }
    }
}
