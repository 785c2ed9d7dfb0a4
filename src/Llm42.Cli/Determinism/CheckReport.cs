using Llm42.Core.Observability;

namespace Llm42.Cli.Determinism;

/// <summary>What a check found.</summary>
internal sealed record CheckReport(
    ModelDescription Model, CheckOptions Options, IReadOnlyList<CheckSection> Sections, IReadOnlyList<ThroughputFigure> Throughput,
    bool IsBoundToSection)
{
    /// <summary>
    /// With determinism, exactly one output per temperature: over all runs, and over all sections too, unless the
    /// verifier's guarantee is bound to its own configuration.
    /// </summary>
    public bool IsPass => Failures.Count == 0;

    /// <summary>Where more than one output was seen with determinism, in words.</summary>
    public IReadOnlyList<string> Failures
    {
        get
        {
            var failures = new List<string>();
            foreach (CheckSection section in Sections)
            {
                foreach (CheckRow row in section.Rows.Where(row => row.IsDeterministic && row.DistinctOutputs != 1))
                    failures.Add($"{row.DistinctOutputs} distinct outputs in {row.Runs} deterministic runs at temperature {row.Temperature} ({section.Name})");
            }

            foreach (CheckSection section in Sections)
            {
                foreach (RowExplanation row in section.Explanations.Where(row => row.IsDeterministic && row.Parting is not null))
                    failures.Add($"deterministic runs at temperature {row.Temperature} part ({section.Name}): {row.Parting!.InWords}");
            }

            if (failures.Count > 0 || IsBoundToSection)
                return failures;
            foreach (IGrouping<float, CheckRow> group in Sections.SelectMany(section => section.Rows)
                .Where(row => row.IsDeterministic).GroupBy(row => row.Temperature))
            {
                int outputs = group.Select(row => row.Answers[0].Bits).Distinct().Count();
                if (outputs != 1)
                    failures.Add($"the deterministic output at temperature {group.Key} is not the same in every section");
            }

            foreach (IGrouping<float, RowExplanation> group in Sections.SelectMany(section => section.Explanations)
                .Where(row => row.IsDeterministic).GroupBy(row => row.Temperature))
            {
                LayerTrace first = group.First().Alone;
                if (group.Any(row => first.FirstDifference(row.Alone) is not null))
                    failures.Add($"the hidden states of the deterministic output at temperature {group.Key} are not the same in every section");
            }

            return failures;
        }
    }
}
