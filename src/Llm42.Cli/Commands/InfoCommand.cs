using System.CommandLine;
using Llm42.Cli.DemoModel;
using Llm42.Cli.Json;
using Llm42.Cli.Options;
using Llm42.Cli.Output;
using Llm42.Inspection;

namespace Llm42.Cli.Commands;

/// <summary>`llm42 info MODEL`: what the model is, what it takes to run it, and whether its files are sound.</summary>
internal sealed class InfoCommand
{
    private readonly ModelFlags _model = new();
    private readonly EngineFlags _engine = new();
    private readonly OutputFlags _output = new();

    private readonly Option<bool> _verify = Flag.Switch(
        "--verify",
        "Check the model instead: every tensor's presence, shape and values, the tokenizer, the configuration. Needs no device; the engine's options do not matter.");

    private readonly Option<bool> _noFingerprint = Flag.Switch(
        "--no-fingerprint", "Leave out the fingerprint and the digests, for which all weights have to be read.");

    public static Command Create()
    {
        var self = new InfoCommand();
        var command = new Command("info", "Architecture, memory, device, numerics profile and fingerprint of a model, or a check of its files.");
        self._model.AddTo(command);
        command.Add(self._verify);
        command.Add(self._noFingerprint);
        self._engine.AddTo(command);
        self._output.AddTo(command);
        CommandGuard.SetAction(command, self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        InferenceEngineOptions engineOptions = _engine.Read(parsed);
        using ModelDirectory model = _model.Open(parsed);
        if (parsed.GetValue(_verify))
            return await VerifyAsync(model.Path, _output.IsJson(parsed), cancellation).ConfigureAwait(false);

        using ModelInspection inspection = ModelInspection.Open(model.Path, engineOptions);
        if (!_output.IsJson(parsed))
            InfoWriter.Write(inspection);
        ModelFingerprint? fingerprint = null;
        if (!parsed.GetValue(_noFingerprint))
        {
            fingerprint = await WeightProgress.RunAsync(
                "Fingerprint", progress => inspection.ComputeFingerprintAsync(progress, cancellation)).ConfigureAwait(false);
        }

        if (_output.IsJson(parsed))
            StandardOutput.WriteJson(InfoJson.Of(inspection, fingerprint), CliJsonContext.Standard.InfoJson);
        else if (fingerprint is not null)
            InfoWriter.Write(fingerprint);
        return CommandGuard.Success;
    }

    private static async Task<int> VerifyAsync(string model, bool isJson, CancellationToken cancellation)
    {
        VerificationReport report = await WeightProgress.RunAsync(
            "Checking", progress => ModelVerification.RunAsync(model, progress, cancellation)).ConfigureAwait(false);
        if (isJson)
            StandardOutput.WriteJson(VerificationJson.Of(report), CliJsonContext.Standard.VerificationJson);
        else
            VerificationWriter.Write(report);
        return report.IsSound ? CommandGuard.Success : CommandGuard.Failure;
    }
}
