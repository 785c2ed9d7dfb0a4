using Llm42.Cli.Determinism;
using Llm42.Models;
using Llm42.Native;
using Llm42.Runtime;
using Llm42.Weights;

namespace Llm42.Determinism.Tests.Schedules;

/// <summary>
/// A random model so small that thousands of schedules run on it in a minute, with logits so flat that the fast
/// numerics of a many-core machine now and then draft another token.
/// </summary>
internal sealed class TinyModel
{
    /// <summary>Rows of the largest step that its executors take.</summary>
    public const int MaxBatchTokens = 512;

    private static readonly string Folder = Path.Combine(Path.GetTempPath(), $"llm42-tiny-{Environment.ProcessId}");

    private readonly Lazy<Files> _files;
    private readonly TinyModel? _int8;

    private TinyModel(string name, RandomModel shape)
    {
        Name = name;
        Shape = shape;
        _files = new Lazy<Files>(() => Files.Of(shape.Write(Path.Combine(Folder, name), seed: 42)));
        _int8 = new TinyModel(this);
    }

    private TinyModel(TinyModel original)
    {
        Name = $"{original.Name} as int8";
        Shape = original.Shape;
        _files = original._files;
        IsInt8 = true;
    }

    /// <summary>
    /// Fast numerics cut a product only where the vectors are 64 long or longer; attention they cut in all of these.
    /// </summary>
    public static IReadOnlyList<TinyModel> Dense { get; } =
    [
        new("even", new RandomModel
        {
            Hidden = 64, Intermediate = 96, Layers = 2, QueryHeads = 4, KvHeads = 2, HeadSize = 16, Vocabulary = 80, MaxContext = 320,
        }),
        new("odd", new RandomModel
        {
            Hidden = 33, Intermediate = 71, Layers = 2, QueryHeads = 3, KvHeads = 1, HeadSize = 10, Vocabulary = 67, MaxContext = 320,
        }),
        new("one-layer", new RandomModel
        {
            Hidden = 32, Intermediate = 64, Layers = 1, QueryHeads = 2, KvHeads = 2, HeadSize = 8, Vocabulary = 96, MaxContext = 320,
        }),
    ];

    /// <summary>What the first one is with experts: the same requests fit both.</summary>
    public static TinyModel Experts { get; } = new("experts", Dense[0].Shape with { Intermediate = 64, Experts = 4 });

    public static IReadOnlyList<TinyModel> All { get; } = [.. Dense, Experts];

    public string Name { get; }

    public RandomModel Shape { get; }

    /// <summary>Its weights are multiplied as int8.</summary>
    public bool IsInt8 { get; }

    /// <summary>The same weights, multiplied as int8.</summary>
    public TinyModel AsInt8 => _int8 ?? this;

    public static TinyModel Of(string name) => All.Single(model => model.Name == name);

    /// <summary>Removes what was written. No executor may be left.</summary>
    public static void RemoveAll()
    {
        foreach (TinyModel model in All.Where(model => model._files.IsValueCreated))
            model._files.Value.Source.Dispose();
        if (Directory.Exists(Folder))
            Directory.Delete(Folder, recursive: true);
    }

    /// <summary>A fresh executor, so that no page holds what an earlier schedule left.</summary>
    public NativeModelExecutor Open(NativeDeviceOptions device, DType kvType, int pageSize, int pages, int maxContext = 0) => new(
        NativeDevice.Open(device),
        _files.Value.Config,
        _files.Value.Spec,
        _files.Value.Source,
        new ExecutorOptions
        {
            KvType = kvType,
            HasInt8Weights = IsInt8,
            HasInt8Drafts = !IsInt8,
            PageSize = pageSize,
            KvPages = pages,
            MaxContext = maxContext,
            MaxSequences = 1,
            MaxBatchTokens = MaxBatchTokens,
        });

    private sealed record Files(ModelConfig Config, DecoderSpec Spec, SafetensorsSource Source)
    {
        public static Files Of(string directory)
        {
            (Models.Architectures.ModelArchitecture architecture, ModelConfig config) = ModelConfigReader.Read(directory);
            return new Files(config, architecture.Describe(config), SafetensorsSource.Open(directory));
        }
    }
}
