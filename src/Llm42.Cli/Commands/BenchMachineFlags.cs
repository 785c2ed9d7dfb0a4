using System.CommandLine;
using Llm42.Cli.Options;
using Llm42.Cli.Synthetic;
using Llm42.Native;

namespace Llm42.Cli.Commands;

/// <summary>The model and the processor that an engine is measured on.</summary>
internal sealed class BenchMachineFlags
{
    private readonly Option<string[]?> _shapes = Flag.Words(
        "--shape", $"Models of random weights, separated by commas (default {ModelShape.Synthetic[0].Name}).", [.. ModelShape.Synthetic.Select(shape => shape.Name)]);

    private readonly Option<string[]?> _weights = Flag.Words(
        "--weights", "How their weights are stored, separated by commas (default bf16); int8: stored as bf16, multiplied as int8 by int8.", [.. WeightFormat.OfEngine.Select(format => format.Word), WeightFormat.Original.Word]);

    private readonly Option<int?> _threads = Flag.Integer("--threads", "Threads to compute with; 0: one per processor (default 0).", 0, 1024);

    private readonly Option<int?> _plannedThreads = Flag.Integer(
        "--planned-threads", "Threads that fast numerics plan their splits for; 0: --threads (default 0).", 0, 1024);

    private readonly Option<CpuIsa?> _isa = Flag.Choice("--isa", "Instruction set (default auto).", EngineWords.InstructionSets);

    private readonly Option<string?> _output = Flag.Text("--output", "FILE", "Write the JSON into a file as well.");

    private readonly Option<string?> _report = Flag.Text("--report", "FILE", "Write a report with charts: an .html file that needs no other, or an .svg.");

    public void AddTo(Command command)
    {
        Option[] all = [_shapes, _weights, _threads, _plannedThreads, _isa, _output, _report];
        foreach (Option option in all)
            command.Add(option);
    }

    /// <summary>The models.</summary>
    public IReadOnlyList<ModelShape> Shapes(ParseResult parsed) =>
        [.. Flag.ValuesOr(parsed, _shapes, ModelShape.Synthetic[0].Name).Select(word => ModelShape.Synthetic.First(shape => shape.Name == word))];

    /// <summary>The one model, for what measures one.</summary>
    public ModelShape Shape(ParseResult parsed) => Shapes(parsed) is [{ } one]
        ? one
        : throw new UsageException("--shape has several models; this measures one.");

    /// <summary>How weights are stored.</summary>
    public IReadOnlyList<WeightFormat> Formats(ParseResult parsed) =>
    [
        .. Flag.ValuesOr(parsed, _weights, WeightFormat.Bf16.Word).Select(word => WeightFormat.OfEngine.FirstOrDefault(format => format.Word == word)
            ?? throw new UsageException($"--weights has {word}, which random weights are not; it must be one or more of bf16, f32, int8.")),
    ];

    /// <summary>How the weights of a model are multiplied that is not made here.</summary>
    public IReadOnlyList<WeightFormat> FormatsOfModel(ParseResult parsed) =>
    [
        .. Flag.ValuesOr(parsed, _weights, WeightFormat.Original.Word).Select(word => word == WeightFormat.Original.Word ? WeightFormat.Original
            : word == WeightFormat.Int8.Word ? WeightFormat.Int8
            : throw new UsageException($"--weights has {word}, but a model has its weights as they are stored; it must be original, int8 or both.")),
    ];

    /// <summary>Models were named.</summary>
    public bool HasShapes(ParseResult parsed) => parsed.GetValue(_shapes) is { Length: > 0 };

    /// <summary>The one way in which weights are stored.</summary>
    public WeightFormat Format(ParseResult parsed) => Formats(parsed) is [{ } one]
        ? one
        : throw new UsageException("--weights has several formats; this measures one.");

    /// <summary>The file for the JSON; null for none.</summary>
    public string? Output(ParseResult parsed) => parsed.GetValue(_output);

    /// <summary>The file for the report; null for none.</summary>
    public string? Report(ParseResult parsed) => parsed.GetValue(_report) is not { } file
        ? null
        : Path.GetExtension(file) is ".html" or ".svg"
            ? file
            : throw new UsageException($"--report is '{file}'; its name must end in .html or .svg.");

    /// <summary>Threads and instruction set.</summary>
    public InferenceEngineOptions Machine(ParseResult parsed) => new()
    {
        Threads = parsed.GetValue(_threads) ?? 0,
        PlannedThreads = parsed.GetValue(_plannedThreads) ?? 0,
        Isa = parsed.GetValue(_isa) ?? CpuIsa.Auto,
    };
}
