using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Llm42.Cli.Determinism;
using Llm42.Cli.Json;
using Llm42.Cli.Machine;
using Llm42.Cli.Statistics;
using Llm42.Native;

namespace Llm42.Cli.Kernels;

/// <summary>Runs peer.py with the python that was named. Its absence, or that of PyTorch, is no error.</summary>
internal sealed class PyTorchPeer(KernelOptions options, NativeDeviceInfo device, ICheckProgress progress)
{
    private const string Script = "kernels/peer.py";
    private const double SampleSeconds = 0.004;

    /// <summary>Before anything is measured: PyTorch takes long to load.</summary>
    private static readonly TimeSpan StartTime = TimeSpan.FromMinutes(3);

    private static readonly TimeSpan TimePerCase = TimeSpan.FromSeconds(20);

    public async Task<PeerRun> RunAsync(IReadOnlyList<KernelCase> cases, CancellationToken cancellation)
    {
        if (options.Peer is null)
            return PeerRun.None("--peer none");
        if (device.Backend is not ("cpu" or "cuda"))
            return PeerRun.None($"PyTorch has no device {device.Backend}");
        KernelCase[] shared = [.. cases.Where(one => one.IsLinear || one.IsAttention)];
        if (shared.Length == 0)
            return PeerRun.None("no case has a counterpart in PyTorch");

        progress.Begin("PyTorch", shared.Length);
        List<PeerCaseJson> asked = [.. shared.Select(CaseOf)];
        if (device.Backend == "cuda")
        {
            int size = CudaCeilings.MatrixSize;
            asked.Insert(0, new PeerCaseJson(asked.Count, "matmul", M: size, N: size, K: size));
            asked.Insert(0, new PeerCaseJson(asked.Count, "copy", Elements: size * size * 4));
        }

        var request = new PeerRequestJson(
            device.Backend, device.Threads, options.Seconds, Math.Min(SampleSeconds, options.Seconds), KernelDevice.ColdBytesOf(device.Backend), asked);
        var lines = new List<PeerLineJson>();
        string? failure = await RunAsync(request, lines, cancellation).ConfigureAwait(false);
        return Read(shared, lines, failure);
    }

    private static PeerCaseJson CaseOf(KernelCase one, int id) => one.IsLinear
        ? new PeerCaseJson(id, "matmul", M: one.Shape.Rows, N: one.Shape.N, K: one.Shape.K)
        : new PeerCaseJson(
            id, "attention", Sequences: one.Shape.Sequences, Rows: one.Shape.Rows / one.Shape.Sequences, Context: one.Shape.Context,
            QueryHeads: one.Shape.QueryHeads, KvHeads: one.Shape.KvHeads, HeadSize: one.Shape.HeadSize);

    private static PeerRun Read(KernelCase[] shared, List<PeerLineJson> lines, string? failure)
    {
        var seconds = new Dictionary<KernelCase, Spread>();
        var errors = new Dictionary<KernelCase, string>();
        var ceilings = new List<Ceiling>();
        foreach (PeerLineJson line in lines.Where(line => line.Id is not null))
        {
            int id = line.Id!.Value;
            if (id >= shared.Length)
            {
                // The two cases behind the shared ones are the ceilings.
                double size = CudaCeilings.MatrixSize;
                if (line.Samples is { Count: > 0 } best)
                {
                    ceilings.Add(id == shared.Length
                        ? new Ceiling(CeilingKind.Compute, $"torch.matmul of {size} x {size} x {size}", 2 * size * size * size / best.Min())
                        : new Ceiling(CeilingKind.Memory, "torch copy_, read and written", 16 * size * size / best.Min()));
                }
            }
            else if (line.Samples is { Count: > 0 } samples)
            {
                seconds[shared[id]] = Spread.Of(samples);
            }
            else
            {
                errors[shared[id]] = line.Error ?? "no samples";
            }
        }

        PeerLineJson? header = lines.FirstOrDefault(line => line.Version is not null);
        return new PeerRun(header?.Version, header?.Device, failure, seconds, errors, ceilings);
    }

    /// <summary>Why the script did not come to its end; null if it did.</summary>
    private async Task<string?> RunAsync(PeerRequestJson request, List<PeerLineJson> lines, CancellationToken cancellation)
    {
        Process process;
        try
        {
            process = Process.Start(new ProcessStartInfo(options.Peer!, ["-c", await ScriptAsync(cancellation).ConfigureAwait(false)])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
                StandardOutputEncoding = Encoding.UTF8,
            })!;
        }
        catch (Win32Exception error)
        {
            return $"'{options.Peer}' cannot be run: {error.Message}";
        }

        using Process owned = process;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(StartTime + (request.Cases.Count * (TimePerCase + TimeSpan.FromSeconds(options.Seconds))));
        string lastError = "";
        process.ErrorDataReceived += (_, line) => lastError = string.IsNullOrWhiteSpace(line.Data) ? lastError : line.Data.Trim();
        process.BeginErrorReadLine();
        try
        {
            await SendAsync(process, request).ConfigureAwait(false);
            while (await process.StandardOutput.ReadLineAsync(timeout.Token).ConfigureAwait(false) is { } line)
            {
                lines.Add(JsonSerializer.Deserialize(line, CliJsonContext.Standard.PeerLineJson)!);
                if (lines[^1].Id is not null)
                    progress.Step();
            }

            await process.WaitForExitAsync(timeout.Token).ConfigureAwait(false);
            return process.ExitCode == 0 ? null : $"'{options.Peer}' ended with status {process.ExitCode}: {lastError}";
        }
        catch (JsonException error)
        {
            Kill(process);
            return $"'{options.Peer}' wrote what is not JSON: {error.Message}";
        }
        catch (OperationCanceledException)
        {
            Kill(process);
            cancellation.ThrowIfCancellationRequested();
            return $"'{options.Peer}' was ended: it took too long";
        }
    }

    private static async Task SendAsync(Process process, PeerRequestJson request)
    {
        try
        {
            await process.StandardInput.WriteAsync(JsonSerializer.Serialize(request, CliJsonContext.Standard.PeerRequestJson)).ConfigureAwait(false);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading; its status and its last line say why.
        }
    }

    private static void Kill(Process process)
    {
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
    }

    private static async Task<string> ScriptAsync(CancellationToken cancellation)
    {
        using Stream stream = typeof(PyTorchPeer).Assembly.GetManifestResourceStream(Script)
            ?? throw new InvalidOperationException($"the command was built without {Script}.");
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(cancellation).ConfigureAwait(false);
    }
}
