using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using Llm42.Cli.Json;
using Llm42.Cli.Synthetic;

namespace Llm42.Cli.Throughput;

/// <summary>
/// llama.cpp in a process of its own, through the npm package node-llama-cpp and its prebuilt library. Its absence, or that
/// of node or npm, is no error: it is told why.
/// </summary>
internal sealed class LlamaPeer : IDisposable
{
    private const string Package = "node-llama-cpp";
    private const string Script = "throughput/llama.mjs";

    private static readonly TimeSpan InstallTime = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan SampleTime = TimeSpan.FromMinutes(3);

    private readonly string _models = Directory.CreateTempSubdirectory("llm42-peer-").FullName;
    private Process? _process;
    private volatile string _lastError = "";

    /// <summary>Version and library; null where it does not run.</summary>
    public string? Version { get; private set; }

    /// <summary>Why it does not run, or ran no further; null if it does.</summary>
    public string? Absent { get; private set; }

    /// <summary>Installs the package where it is missing, and starts it.</summary>
    /// <param name="folder">Where the package is, or is put.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<LlamaPeer> StartAsync(string folder, CancellationToken cancellation)
    {
        var peer = new LlamaPeer();
        try
        {
            folder = Path.GetFullPath(folder);
            if (!Directory.Exists(Path.Combine(folder, "node_modules", Package)))
                await InstallAsync(folder, cancellation).ConfigureAwait(false);
            string script = Path.Combine(peer._models, "llama.mjs");
            using (Stream stream = typeof(LlamaPeer).Assembly.GetManifestResourceStream(Script) ?? throw new InvalidOperationException($"the command was built without {Script}."))
            {
                await using FileStream file = File.Create(script);
                await stream.CopyToAsync(file, cancellation).ConfigureAwait(false);
            }

            peer._process = Process.Start(new ProcessStartInfo("node", [script]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
            peer._process.ErrorDataReceived += (_, line) => peer._lastError = string.IsNullOrWhiteSpace(line.Data) ? peer._lastError : line.Data.Trim();
            peer._process.BeginErrorReadLine();
            LlamaAnswerJson answer = await peer.AskAsync(new LlamaAskJson { Folder = folder }, cancellation).ConfigureAwait(false);
            peer.Version = $"{Package} {answer.Version} ({answer.System?.Trim()})";
        }
        catch (Exception error) when (error is IOException or Win32Exception or JsonException or UnauthorizedAccessException)
        {
            peer.Absent = error.Message;
        }

        return peer;
    }

    /// <summary>One sample; null where there is none, and <see cref="Absent"/> says why.</summary>
    public async Task<PeerSample?> SampleAsync(ModelShape shape, WeightFormat format, int batch, ThroughputOptions options, int threads, int seed, CancellationToken cancellation)
    {
        if (Absent is not null)
            return null;
        try
        {
            string model = Path.Combine(_models, $"{shape.Name}-{format.Word}.gguf");
            if (!File.Exists(model))
                await Task.Run(() => SyntheticGguf.Write(model, shape, format, cancellation), cancellation).ConfigureAwait(false);
            LlamaAnswerJson answer = await AskAsync(
                new LlamaAskJson
                {
                    Model = model, Threads = threads, Batch = batch, PromptLength = options.PromptLength, OutputLength = options.OutputLength,
                    Vocabulary = shape.VocabularySize, Seed = seed,
                },
                cancellation).ConfigureAwait(false);
            return new PeerSample(
                (double)batch * options.PromptLength / Math.Max(answer.PrefillSeconds, 1e-9),
                (double)batch * (options.OutputLength - 1) / Math.Max(answer.DecodeSeconds, 1e-9));
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            Absent = error.Message;
            return null;
        }
    }

    public void Dispose()
    {
        if (_process is { } process)
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
            process.Dispose();
        }

        Directory.Delete(_models, recursive: true);
    }

    private static async Task InstallAsync(string folder, CancellationToken cancellation)
    {
        Directory.CreateDirectory(folder);
        // The package's scripts would fetch a library to build; the one it brings along is wanted.
        using Process npm = Process.Start(new ProcessStartInfo("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", folder, Package])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        npm.BeginOutputReadLine();
        npm.BeginErrorReadLine();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(InstallTime);
        try
        {
            await npm.WaitForExitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            npm.Kill(entireProcessTree: true);
            cancellation.ThrowIfCancellationRequested();
        }

        if (!npm.HasExited || npm.ExitCode != 0)
            throw new IOException($"npm could not install {Package}; without a registry, put it into {folder} by other means");
    }

    private async Task<LlamaAnswerJson> AskAsync(LlamaAskJson ask, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(SampleTime);
        try
        {
            await _process!.StandardInput.WriteLineAsync(JsonSerializer.Serialize(ask, CliJsonContext.Standard.LlamaAskJson)).ConfigureAwait(false);
            await _process.StandardInput.FlushAsync(limit.Token).ConfigureAwait(false);
            string line = await _process.StandardOutput.ReadLineAsync(limit.Token).ConfigureAwait(false) ?? throw new IOException($"llama.cpp ended without an answer: {_lastError}");
            LlamaAnswerJson answer = JsonSerializer.Deserialize(line, CliJsonContext.Standard.LlamaAnswerJson) ?? throw new IOException("llama.cpp answered nothing");
            return answer.Error is { } error ? throw new IOException($"llama.cpp: {error}") : answer;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new IOException("llama.cpp took too long; it waits by spinning, and does so for very long where other processes want its processors");
        }
    }
}
