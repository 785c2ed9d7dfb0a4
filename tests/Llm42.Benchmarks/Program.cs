using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Llm42.Benchmarks;
using Llm42.Benchmarks.Determinism;
using Llm42.Benchmarks.Load;
using Llm42.Benchmarks.Serve;

if (args is ["determinism", ..])
    return await DeterminismBenchmark.Create(Path.Combine(RepositoryRoot(), "src", "Llm42.Cli", "DemoModel")).Parse(args[1..]).InvokeAsync();
if (args is ["load", ..])
    return await LoadBenchmark.Create().Parse(args[1..]).InvokeAsync();
if (args is ["serve", ..])
{
    return await ServeBenchmark.Create(
        Path.Combine(RepositoryRoot(), "src", "Llm42.Cli", "DemoModel"), Path.Combine(RepositoryRoot(), "artifacts", "bin", "llm42"))
        .Parse(args[1..]).InvokeAsync();
}

if (args is [ClientProcess.ChildVerb, .. string[] clients])
    return ClientProcess.Run(clients);

if (args is ["masks"])
{
    TokenMaskBenchmarks.PrintLongest();
    return 0;
}

if (args is [LoadBenchmark.ChildVerb, string model, string format, string weightCache])
    return await LoadBenchmark.LoadOneAsync(model, format, weightCache);

// In-process, so that a run needs no further restore; interleaving is the benchmarks' own affair.
ManualConfig config = DefaultConfig.Instance
    .AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithWarmupCount(3).WithIterationCount(11))
    .WithArtifactsPath(Path.Combine(RepositoryRoot(), "artifacts", "benchmarks"));
BenchmarkSwitcher.FromAssembly(typeof(Llm42.Benchmarks.SchedulerBenchmarks).Assembly).Run(args, config);
return 0;

static string RepositoryRoot()
{
    string? folder = AppContext.BaseDirectory;
    while (folder is not null && !File.Exists(Path.Combine(folder, "Llm42.sln")))
        folder = Path.GetDirectoryName(folder);
    return folder ?? Environment.CurrentDirectory;
}
