using Llm42.Models;
using Llm42.Models.Architectures;
using Llm42.Native;
using Llm42.Runtime;
using Llm42.Testing;
using Llm42.Weights;

namespace Llm42.Tests.Weights;

/// <summary>Weight files that change under the reader. A read behind the new end would end the process of this test.</summary>
[TestClass]
public sealed class ChangedFileTests
{
    private static string Model => RepositoryRoot.InRoot("src/Llm42.Cli/DemoModel");

    [TestMethod]
    [DataRow(0)]
    [DataRow(100)]
    [DataRow(1 << 20)]
    public void A_file_that_was_cut_is_refused_by_each_read(int length)
    {
        using var directory = new TemporaryDirectory().CopyOf(Model);
        string path = Path.Combine(directory.Path, SafetensorsSource.FileName);
        long whole = new FileInfo(path).Length;
        using SafetensorsSource source = SafetensorsSource.OpenFile(path);
        Tensor last = source.Tensors["model.norm.weight"];
        using TensorContent content = last.Open();
        Cut(path, length);
        string expected = $"{path}: had {whole} bytes when it was opened and has {length} now";
        Refused(() => last.Read(0, new byte[16]), expected);
        Refused(() => last.Open().Dispose(), expected);
        Refused(content.CheckRead, expected);
        Refused(() => WeightDigest.Compute([last], CancellationToken.None), expected);
    }

    [TestMethod]
    public void A_file_that_is_cut_between_two_tensors_ends_the_loading()
    {
        using var directory = new TemporaryDirectory().CopyOf(Model);
        string path = Path.Combine(directory.Path, SafetensorsSource.FileName);
        (ModelArchitecture architecture, ModelConfig config) = ModelConfigReader.Read(directory.Path);
        using SafetensorsSource source = SafetensorsSource.Open(directory.Path);
        NativeDevice device = NativeDevice.Open(new NativeDeviceOptions { Threads = 1 });
        var progress = new AfterFirst(() => Cut(path, 4096));
        ModelFormatException error = Assert.ThrowsExactly<ModelFormatException>(() => new NativeModelExecutor(
            device, config, architecture.Describe(config), source, Options(), progress: progress));
        Assert.Contains("has 4096 now; it must not change while it is read", error.Message);
        Assert.IsTrue(device.Handle.IsClosed, "something is still allocated");
    }

    [TestMethod]
    public async Task A_file_that_is_deleted_or_replaced_after_it_was_opened_still_loads()
    {
        await using InferenceEngine whole = await InferenceEngine.LoadAsync(Model, new InferenceEngineOptions { Threads = 1 });
        foreach (bool isReplaced in (bool[])[false, true])
        {
            using var directory = new TemporaryDirectory().CopyOf(Model);
            string path = Path.Combine(directory.Path, SafetensorsSource.FileName);
            var progress = new AfterFirst(() =>
            {
                File.Delete(path);
                if (isReplaced)
                    File.WriteAllBytes(path, [1, 2, 3]);
            });
            await using InferenceEngine engine = await InferenceEngine.LoadAsync(directory.Path, new InferenceEngineOptions { Threads = 1 }, progress);
            Assert.AreEqual(whole.Engine.WeightsDigest, engine.Engine.WeightsDigest);
            GenerationOptions options = new() { MaxTokens = 10, IsDeterministic = true };
            CollectionAssert.AreEqual(
                (await whole.CompleteAsync("And God said", options)).TokenIds.ToArray(),
                (await engine.CompleteAsync("And God said", options)).TokenIds.ToArray());
        }
    }

    [TestMethod]
    public void A_closed_file_says_so()
    {
        using var directory = new TemporaryDirectory();
        SafetensorsSource source = SafetensorsSource.OpenFile(directory.Write("model.safetensors", SafetensorsFile.Valid()));
        Tensor tensor = source.Tensors["a"];
        source.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => tensor.Read(0, new byte[1]));
        Assert.ThrowsExactly<ObjectDisposedException>(() => tensor.Open().Dispose());
    }

    private static ExecutorOptions Options() => new()
    {
        KvType = DType.Bf16, PageSize = 16, KvPages = 64, MaxContext = 0, MaxSequences = 4, MaxBatchTokens = 128,
    };

    private static void Cut(string path, long length)
    {
        // Shared as widely as another program would: it does not ask.
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        file.SetLength(length);
    }

    private static void Refused(Action action, string expected) =>
        Assert.Contains(expected, Assert.ThrowsExactly<ModelFormatException>(action).Message);

    /// <summary>Acts once, on the loading thread, when the first tensors have been loaded.</summary>
    private sealed class AfterFirst(Action action) : IProgress<LoadProgress>
    {
        private bool _isDone;

        public void Report(LoadProgress value)
        {
            if (_isDone)
                return;
            _isDone = true;
            action();
        }
    }
}
