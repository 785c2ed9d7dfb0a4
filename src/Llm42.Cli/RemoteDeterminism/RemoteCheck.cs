using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Llm42.Cli.Determinism;
using Llm42.Cli.Remote;

namespace Llm42.Cli.RemoteDeterminism;

/// <summary>Has a server answer prompts again and again, alone and amid changing load, and compares the answers.</summary>
internal sealed class RemoteCheck(IRemoteServer server, RemoteCheckOptions options, ICheckProgress progress)
{
    private readonly NeighbourCounts _neighbours = new();
    private readonly SortedSet<string> _fingerprints = new(StringComparer.Ordinal);
    private readonly LoadGenerator _load = LoadGenerator.OfTexts(options.Check);
    private bool _asksForLogprobs = true;
    private string? _noLogprobs;
    private string _unit = "characters";
    private bool _isDenied;
    private bool _isConfirmed;

    /// <summary>Runs it all.</summary>
    /// <param name="baseUrl">Where the server is, for the report.</param>
    /// <param name="model">Its model, for the report.</param>
    /// <param name="cancellation">Ends the check early.</param>
    /// <exception cref="RemoteException">The server does not answer even the first run, alone.</exception>
    public async Task<RemoteCheckReport> RunAsync(string baseUrl, string model, CancellationToken cancellation)
    {
        await ProbeAsync(cancellation).ConfigureAwait(false);
        var rows = new List<RemoteCheckRow>();
        for (int prompt = 0; prompt < options.Prompts.Count; prompt++)
        {
            foreach (float temperature in options.Check.Temperatures)
            {
                progress.Begin(
                    string.Create(CultureInfo.InvariantCulture, $"prompt {prompt} at temperature {temperature}"), options.Check.Runs);
                rows.Add(await RunRowAsync(prompt, temperature, cancellation).ConfigureAwait(false));
            }
        }

        return new RemoteCheckReport
        {
            BaseUrl = baseUrl,
            Model = model,
            SystemFingerprints = [.. _fingerprints],
            Options = options,
            Rows = rows,
            Neighbours = _neighbours,
            Unit = _unit,
            NoLogprobs = _noLogprobs,
            IsDeniedDeterminism = _isDenied,
            IsConfirmedDeterminism = _isConfirmed,
        };
    }

    /// <summary>Finds out whether the server takes such requests, and whether it gives log-probabilities.</summary>
    private async Task ProbeAsync(CancellationToken cancellation)
    {
        RemoteRequest request = RequestOf(options.Prompts[0], options.Check.RequestOf(options.IsDeterministic, 0) with { MaxTokens = 1 });
        try
        {
            RemoteAnswer answer = await server.AnswerAsync(request, null, cancellation).ConfigureAwait(false);
            if (answer.Logprobs.Count == 0 && answer.Text.Length > 0)
                _noLogprobs = "the server gives none";
        }
        catch (RemoteException error) when (error.Error.Kind is "http_400" or "http_422" or "http_501")
        {
            _asksForLogprobs = false;
            await server.AnswerAsync(request with { HasLogprobs = false }, null, cancellation).ConfigureAwait(false);
            _noLogprobs = error.Error.Message;
        }
    }

    private async Task<RemoteCheckRow> RunRowAsync(int prompt, float temperature, CancellationToken cancellation)
    {
        GenerationOptions request = options.Check.RequestOf(options.IsDeterministic, temperature);
        var answers = new List<Answer>();
        var errors = new List<RunError>();
        int tokens = 0;
        var watch = Stopwatch.StartNew();
        for (int run = 0; run < options.Check.Runs; run++)
        {
            try
            {
                int number = run;
                (Answer answer, int runTokens) = await LoadRun.ExecuteAsync(
                    (arrival, onTokens, ended) => arrival.IsChecked
                        ? AnswerAsync(number, options.Prompts[prompt], arrival.Options, onTokens, ended)
                        : AnswerNeighbourAsync(arrival, onTokens, ended),
                    _load.Arrivals(run, request),
                    cancellation).ConfigureAwait(false);
                answers.Add(answer);
                tokens += runTokens;
            }
            catch (RemoteException error) when (run > 0)
            {
                errors.Add(new RunError(run, error.Error));
            }

            progress.Step();
        }

        return new RemoteCheckRow(
            prompt, new CheckRow(options.IsDeterministic, temperature, answers, tokens, watch.Elapsed), options.Check.Runs, errors);
    }

    private async Task<Answer> AnswerAsync(
        int run, RemotePrompt prompt, GenerationOptions request, Action<int> onTokens, CancellationToken cancellation)
    {
        RemoteAnswer answer = await server.AnswerAsync(RequestOf(prompt, request), onTokens, cancellation).ConfigureAwait(false);
        if (answer.SystemFingerprint is { } fingerprint)
            _fingerprints.Add(fingerprint);
        _isDenied |= answer.IsDeterministic is false;
        _isConfirmed |= answer.IsDeterministic is true;
        bool hasTokens = answer.Tokens.Count > 0;
        if (hasTokens)
            _unit = "tokens";
        // Texts of tokens may be the same replacement character for different bytes; the text as a whole tells.
        string end = hasTokens
            ? $"<{answer.FinishReason}, text {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(answer.Text)))[..16]}>"
            : $"<{answer.FinishReason}>";
        IEnumerable<string> units = hasTokens ? answer.Tokens : answer.Text.EnumerateRunes().Select(rune => rune.ToString());
        return new Answer(
            run,
            [.. units, end],
            [.. answer.Logprobs.Select(logprob => $"{BitConverter.DoubleToUInt64Bits(logprob):x16}")],
            answer.Verification ?? default);
    }

    /// <summary>A request of the load. That it fails is counted, and ends nothing.</summary>
    private async Task<Answer> AnswerNeighbourAsync(Arrival arrival, Action<int> onTokens, CancellationToken cancellation)
    {
        bool isServed = false;
        try
        {
            var prompt = new RemotePrompt { Text = arrival.Prompt.Text };
            // Some servers read seeds as signed integers of 32 bits.
            GenerationOptions request = arrival.Options with { Seed = arrival.Options.Seed & int.MaxValue };
            await server.AnswerAsync(RequestOf(prompt, request) with { HasLogprobs = false }, count =>
            {
                if (!isServed)
                    _neighbours.AddServed();
                isServed = true;
                onTokens(count);
            }, cancellation).ConfigureAwait(false);
        }
        catch (RemoteException error)
        {
            _neighbours.AddError(error.Error.Kind);
        }

        return new Answer(0, [], [], default);
    }

    private RemoteRequest RequestOf(RemotePrompt prompt, GenerationOptions request) => new()
    {
        Prompt = prompt,
        MaxTokens = request.MaxTokens ?? options.Check.Tokens,
        Temperature = request.Temperature ?? 0,
        Seed = request.Seed,
        IsDeterministic = options.IsDeterministic ? request.IsDeterministic : null,
        HasLogprobs = _asksForLogprobs,
    };
}
