using Llm42.Cli.Determinism;
using Llm42.Cli.RemoteDeterminism;

namespace Llm42.Cli.Json;

/// <summary>What `check --base-url --json` writes.</summary>
internal sealed record RemoteCheckJson(
    bool Pass, IReadOnlyList<string> Failures, IReadOnlyList<string> Notes, RemoteServerJson Server, RemoteCheckOptionsJson Options,
    string Unit, bool HasLogprobs, IReadOnlyList<RemoteCheckRowJson> Rows, NeighboursJson Neighbours)
{
    public static RemoteCheckJson Of(RemoteCheckReport report) => new(
        report.IsPass,
        report.Failures,
        report.Notes,
        new RemoteServerJson(report.BaseUrl, report.Model, report.SystemFingerprints),
        new RemoteCheckOptionsJson(
            report.Options.Check.Runs, report.Options.Check.Tokens, report.Options.Check.Neighbours, report.Options.Check.Seed,
            report.Options.IsDeterministic, report.Options.ComparesLogprobs, [.. report.Options.Prompts.Select(prompt => prompt.InWords)]),
        report.Unit,
        report.NoLogprobs is null,
        [.. report.Rows.Select(row => new RemoteCheckRowJson(
            row.Prompt, CheckRowJson.Of(row.Row),
            [.. row.Errors.Select(error => new RunErrorJson(error.Run, error.Error.Kind, error.Error.Message))]))],
        new NeighboursJson(report.Neighbours.Served, report.Neighbours.Errors));
}

/// <summary>The server that was asked.</summary>
internal sealed record RemoteServerJson(string BaseUrl, string Model, IReadOnlyList<string> SystemFingerprints);

/// <summary>What the check was asked to do.</summary>
internal sealed record RemoteCheckOptionsJson(
    int Runs, int Tokens, int Neighbours, ulong Seed, bool IsDeterministic, bool ComparesLogprobs, IReadOnlyList<string> Prompts);

/// <summary>Many answers to one prompt at one temperature.</summary>
internal sealed record RemoteCheckRowJson(int Prompt, CheckRowJson Answers, IReadOnlyList<RunErrorJson> Errors);

/// <summary>A run without an answer.</summary>
internal sealed record RunErrorJson(int Run, string Kind, string Message);

/// <summary>What became of the requests that were the load.</summary>
internal sealed record NeighboursJson(int Served, IReadOnlyDictionary<string, int> Errors);
