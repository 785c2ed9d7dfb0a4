using System.CommandLine;
using Llm42.Cli.DemoModel;
using Llm42.Cli.Json;
using Llm42.Cli.Options;
using Llm42.Cli.Output;

namespace Llm42.Cli.Commands;

/// <summary>`llm42 info MODEL`: what the model is and what it takes to run it.</summary>
internal sealed class InfoCommand
{
    private const double MiB = 1024.0 * 1024;

    private readonly ModelFlags _model = new();
    private readonly EngineFlags _engine = new();
    private readonly OutputFlags _output = new();

    public static Command Create()
    {
        var self = new InfoCommand();
        var command = new Command("info", "Architecture, memory, device and numerics profile of a model.");
        self._model.AddTo(command);
        self._engine.AddTo(command);
        self._output.AddTo(command);
        CommandGuard.SetAction(command, self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        LlmEngineOptions engineOptions = _engine.Read(parsed);
        using ModelDirectory model = _model.Open(parsed);
        await using LlmEngine engine = await LlmEngine.LoadAsync(model.Path, engineOptions, null, cancellation).ConfigureAwait(false);
        InfoJson info = InfoJson.Of(engine);
        if (_output.IsJson(parsed))
            StandardOutput.WriteJson(info, CliJsonContext.Standard.InfoJson);
        else
            Write(info, engine.Engine);
        return CommandGuard.Success;
    }

    private static void Write(InfoJson info, EngineDescription description)
    {
        ModelJson model = info.Model;
        EngineJson engine = info.Engine;
        (string Name, FormattableString Value)[] lines =
        [
            ("directory", $"{model.Directory}"),
            ("architecture", $"{model.Architecture}, {model.Layers} layers, {model.HiddenSize} wide"),
            ("attention", $"{model.QueryHeads} query heads, {model.KvHeads} key/value heads of {model.HeadSize}"),
            ("vocabulary", $"{model.VocabularySize} tokens"),
            ("context", $"{model.MaxContext} tokens"),
            ("parameters", $"{model.ParameterCount / 1e6:0.00} M, {model.WeightDtype}, {model.WeightBytes / MiB:0.0} MiB"),
            ("device", $"{EngineWords.Hardware(description)}"),
            ("numerics", $"{engine.NumericsProfile}; {EngineWords.FastNumerics(description)} {(engine.FastIsInvariant ? "are" : "are not")} invariant"),
            ("determinism", $"{engine.Determinism}; drafter {engine.Drafter}"),
            ("kv cache", $"{engine.PageCount} pages of {engine.PageSize} positions, {engine.KvBytes / MiB:0.0} MiB"),
            ("memory", $"{engine.MemoryAllocated / MiB:0.0} MiB allocated, {engine.MemoryPeak / MiB:0.0} MiB at most"),
            ("fingerprint", $"{engine.Fingerprint}"),
            ("weights", $"{engine.WeightsDigest}"),
            ("tokenizer", $"{engine.TokenizerDigest ?? "none"}"),
            ("config", $"{engine.ConfigDigest}"),
        ];
        foreach ((string name, FormattableString value) in lines)
            StandardOutput.WriteLine($"{name,-13}{FormattableString.Invariant(value)}");
    }
}
