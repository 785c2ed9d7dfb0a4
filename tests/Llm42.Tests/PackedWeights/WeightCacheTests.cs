using Llm42.Core.Engine;
using Llm42.Native;
using Llm42.PackedWeights;
using Llm42.Testing;

namespace Llm42.Tests.PackedWeights;

/// <summary>Weights out of the weight cache are those of the model, bit for bit, or they are not used.</summary>
[TestClass]
public sealed class WeightCacheTests
{
    private static readonly int[] Prompt = [0, 496, 404, 408, 72, 342];

    private static readonly GenerationOptions Greedy = new() { Temperature = 0, MaxTokens = 24, IgnoreEos = true, IsDeterministic = true };

    private static string Demo => RepositoryRoot.InRoot("src/Llm42.Cli/DemoModel");

    [TestMethod]
    [DataRow("original", DrafterKind.Auto)]
    [DataRow("original", DrafterKind.Int8Weights)]
    [DataRow("int8", DrafterKind.Auto)]
    public async Task Answers_are_the_same_with_and_without(string weights, DrafterKind drafter)
    {
        using var folder = new TemporaryDirectory();
        var (plain, none, description) = await AnswerAsync(Demo, null, weights, drafter);
        Assert.IsNull(none);
        var (first, written, _) = await AnswerAsync(Demo, folder.Path, weights, drafter);
        AssertUse(written, isRead: false, isWritten: true, warning: null);
        var (second, read, cached) = await AnswerAsync(Demo, folder.Path, weights, drafter);
        AssertUse(read, isRead: true, isWritten: false, warning: null);
        CollectionAssert.AreEqual(plain, first);
        CollectionAssert.AreEqual(plain, second);
        Assert.AreEqual(description.Fingerprint, cached.Fingerprint);
        Assert.AreEqual(description.MemoryAllocated, cached.MemoryAllocated);
        CollectionAssert.AreEqual(new[] { read!.File }, Directory.GetFileSystemEntries(folder.Path), "something was left beside the file");
    }

    /// <summary>The control of the above: what stands in the file is what answers.</summary>
    [TestMethod]
    public async Task Answers_come_from_the_file()
    {
        using var folder = new TemporaryDirectory();
        var (plain, written, _) = await AnswerAsync(Demo, folder.Path);
        ReverseLastSection(written!.File);
        var (answer, read, _) = await AnswerAsync(Demo, folder.Path);
        AssertUse(read, isRead: true, isWritten: false, warning: null);
        CollectionAssert.AreNotEqual(plain, answer);
    }

    [TestMethod]
    public async Task Weights_that_changed_are_noticed_whatever_their_times_say()
    {
        using var folder = new TemporaryDirectory();
        using var model = new TemporaryDirectory().CopyOf(Demo);
        var (before, _, description) = await AnswerAsync(model.Path, folder.Path);
        var file = Path.Combine(model.Path, "model.safetensors");
        var time = File.GetLastWriteTimeUtc(file);
        var bytes = await File.ReadAllBytesAsync(file);
        for (var i = bytes.Length / 2; i < bytes.Length; i += 1000)
            bytes[i] ^= 1;
        await File.WriteAllBytesAsync(file, bytes);
        File.SetLastWriteTimeUtc(file, time);

        var (expected, _, _) = await AnswerAsync(model.Path, null);
        var (answer, use, changed) = await AnswerAsync(model.Path, folder.Path);
        AssertUse(use, isRead: false, isWritten: true, "was packed of other weights");
        CollectionAssert.AreEqual(expected, answer);
        CollectionAssert.AreNotEqual(before, answer, "the change changed nothing: what was shown?");
        Assert.AreNotEqual(description.WeightsDigest, changed.WeightsDigest);
        AssertUse((await AnswerAsync(model.Path, folder.Path)).Use, isRead: true, isWritten: false, warning: null);
    }

    [TestMethod]
    public async Task A_file_that_is_cut_off_damaged_or_foreign_is_written_anew()
    {
        using var folder = new TemporaryDirectory();
        var (plain, written, _) = await AnswerAsync(Demo, folder.Path);
        var file = written!.File;
        var good = await File.ReadAllBytesAsync(file);
        var sections = PackedHeader.Read(good.Length, (offset, part) => good.AsSpan((int)offset, part.Length).CopyTo(part)).Sections;
        (string What, byte[] Bytes, string Warning)[] cases =
        [
            ("empty", [], "is empty"),
            ("inside the prefix", good[..40], "fewer than its prefix"),
            ("inside the header", good[..200], "bytes; "),
            ("inside a section", good[..(int)(sections[1].Offset + 100)], "bytes; "),
            ("a byte short", good[..^1], "bytes; "),
            ("a byte more", [.. good, 0], "bytes; "),
            ("magic", Flipped(good, 3), "is not a file of packed weights"),
            ("version", Flipped(good, 8), "this build reads version 1"),
            ("header size", Flipped(good, 15), "has a header of"),
            ("header", Flipped(good, 150), "damaged header"),
            ("header checksum", Flipped(good, 25), "damaged header"),
            ("first byte", Flipped(good, sections[0].Offset), "is damaged between byte"),
            ("last byte", Flipped(good, good.Length - 1), "is damaged between byte"),
            ("another packing", Rewritten(good, section => section with { Shape = section.Shape with { Packing = 77 } }), "was packed by another version"),
            ("another size", Rewritten(good, section => section with { Shape = section.Shape with { Size = section.Shape.Size - 64 } }), "was packed by another version"),
            ("another matrix", Rewritten(good, section => section with { Name = "model.other.weight bf16" }), "in the place of"),
            ("another shape", Rewritten(good, section => section with { Shape = section.Shape with { Columns = 1 << 24 } }), "in the place of"),
        ];
        foreach (var (what, bytes, warning) in cases)
        {
            await File.WriteAllBytesAsync(file, bytes);
            var (answer, use, _) = await AnswerAsync(Demo, folder.Path);
            AssertUse(use, isRead: false, isWritten: true, warning, what);
            CollectionAssert.AreEqual(plain, answer, what);
            AssertIs(good, file, $"{what}: the file was not written as before");
        }
    }

    [TestMethod]
    public async Task A_folder_that_cannot_be_written_to_is_a_warning()
    {
        using var folder = new TemporaryDirectory();
        var notAFolder = folder.Write("file", "not a folder");
        var (plain, _, _) = await AnswerAsync(Demo, null);
        var (answer, use, _) = await AnswerAsync(Demo, notAFolder);
        AssertUse(use, isRead: false, isWritten: false, "cannot be written");
        CollectionAssert.AreEqual(plain, answer);

        // The last step fails: nothing may be left of those before.
        var cache = Path.Combine(folder.Path, "cache");
        var (_, written, _) = await AnswerAsync(Demo, cache);
        File.Delete(written!.File);
        Directory.CreateDirectory(Path.Combine(written.File, "in the way"));
        (answer, use, _) = await AnswerAsync(Demo, cache);
        AssertUse(use, isRead: false, isWritten: false, "it is a directory, not a file");
        StringAssert.Contains(use!.Warning, "cannot be written", StringComparison.Ordinal);
        CollectionAssert.AreEqual(plain, answer);
        CollectionAssert.AreEqual(new[] { written.File }, Directory.GetFileSystemEntries(cache), "something was left beside the file");
    }

    [TestMethod]
    public async Task Several_writers_at_once_leave_one_whole_file()
    {
        using var folder = new TemporaryDirectory();
        var (plain, _, _) = await AnswerAsync(Demo, null);
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => AnswerAsync(Demo, folder.Path))));
        foreach (var (answer, use, _) in answers)
        {
            CollectionAssert.AreEqual(plain, answer);
            Assert.IsNull(use!.Warning);
            Assert.AreNotEqual(use.IsRead, use.IsWritten);
        }
        AssertUse((await AnswerAsync(Demo, folder.Path)).Use, isRead: true, isWritten: false, warning: null);
        Assert.HasCount(1, Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public async Task What_an_ended_writer_left_goes_and_what_another_writes_stays()
    {
        using var folder = new TemporaryDirectory();
        var (_, written, _) = await AnswerAsync(Demo, folder.Path);
        var (old, young) = ($"{written!.File}.1-a{PackedWeightCache.TemporaryExtension}", $"{written.File}.2-b{PackedWeightCache.TemporaryExtension}");
        await File.WriteAllTextAsync(old, "left");
        File.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddHours(-2));
        await File.WriteAllTextAsync(young, "in work");
        File.Delete(written.File);
        await AnswerAsync(Demo, folder.Path);
        Assert.IsFalse(File.Exists(old));
        Assert.IsTrue(File.Exists(young));
    }

    [TestMethod]
    public async Task A_call_that_fails_while_a_cache_is_read_is_an_error_and_leaves_the_file()
    {
        using var folder = new TemporaryDirectory();
        var (_, written, _) = await AnswerAsync(Demo, folder.Path);
        var good = await File.ReadAllBytesAsync(written!.File);
        HashSet<string> hit = [];
        for (var call = 1; call <= 12; call++)
        {
            var options = Options(folder.Path) with { FailCall = call };
            var error = await Assert.ThrowsExactlyAsync<NativeException>(() => InferenceEngine.LoadAsync(Demo, options));
            Assert.AreEqual(Status.Internal, error.Status);
            hit.Add(error.Message[..error.Message.IndexOf(':', StringComparison.Ordinal)]);
        }
        CollectionAssert.AreEquivalent(new[] { "llm42_weight_create_unfilled", "llm42_buffer_upload" }, hit.ToArray());
        AssertIs(good, written.File, "the file is another");
    }

    [TestMethod]
    public async Task What_has_no_cache_is_refused_by_name()
    {
        await RefusedAsync(Options("cache") with { Backend = "cuda" }, "WeightCache is \"cache\", but backend \"cuda\"");
        await RefusedAsync(Options(""), "WeightCache is empty");
    }

    private static async Task RefusedAsync(InferenceEngineOptions options, string message)
    {
        var error = await Assert.ThrowsExactlyAsync<ArgumentException>(() => InferenceEngine.LoadAsync(Demo, options));
        StringAssert.Contains(error.Message, message, StringComparison.Ordinal);
    }

    private static InferenceEngineOptions Options(string? folder, string weights = "original", DrafterKind drafter = DrafterKind.Auto) => new()
    {
        Threads = 2, KvPages = 64, WeightFormat = weights, WeightCache = folder, Engine = new EngineOptions { Drafter = drafter },
    };

    private static async Task<(string[] Answer, WeightCacheUse? Use, EngineDescription Description)> AnswerAsync(
        string model, string? folder, string weights = "original", DrafterKind drafter = DrafterKind.Auto)
    {
        await using var engine = await InferenceEngine.LoadAsync(model, Options(folder, weights, drafter));
        var result = await engine.CompleteAsync(Prompt, Greedy);
        var bits = result.Tokens.Select(token => $"{token.TokenId} {BitConverter.SingleToInt32Bits(token.Logprob):x8}");
        return ([.. bits], engine.Engine.WeightCache, engine.Engine);
    }

    private static void AssertUse(WeightCacheUse? use, bool isRead, bool isWritten, string? warning, string what = "")
    {
        Assert.IsNotNull(use, what);
        if (warning is null)
            Assert.IsNull(use.Warning, what);
        else
            StringAssert.Contains(use.Warning, warning, StringComparison.Ordinal, what);
        Assert.AreEqual(isRead, use.IsRead, $"{what}: read");
        Assert.AreEqual(isWritten, use.IsWritten, $"{what}: written");
    }

    private static void AssertIs(byte[] expected, string file, string what) =>
        Assert.IsTrue(expected.AsSpan().SequenceEqual(File.ReadAllBytes(file)), what);

    private static void ReverseLastSection(string file)
    {
        var bytes = File.ReadAllBytes(file);
        var header = PackedHeader.Read(bytes.Length, (offset, part) => bytes.AsSpan((int)offset, part.Length).CopyTo(part));
        var section = header.Sections[^1];
        var elements = bytes.AsSpan((int)section.Offset, (int)section.Shape.Size);
        elements.Reverse();
        for (var chunk = 0; chunk < section.Checksums.Length; chunk++)
            section.Checksums[chunk] = PackedChecksum.Of(
                elements.Slice(chunk * PackedSection.ChunkSize, PackedSection.LengthOf(section.Shape.Size, chunk)));
        header.ToBytes().CopyTo(bytes, 0);
        File.WriteAllBytes(file, bytes);
    }

    private static byte[] Flipped(byte[] bytes, long place)
    {
        var copy = (byte[])bytes.Clone();
        copy[place] ^= 0x10;
        return copy;
    }

    /// <summary>The file with another first section in a header that is sound.</summary>
    private static byte[] Rewritten(byte[] bytes, Func<PackedSection, PackedSection> change)
    {
        var header = PackedHeader.Read(bytes.Length, (offset, part) => bytes.AsSpan((int)offset, part.Length).CopyTo(part));
        var copy = (byte[])bytes.Clone();
        (header with { Sections = [change(header.Sections[0]), .. header.Sections.Skip(1)] }).ToBytes().CopyTo(copy, 0);
        return copy;
    }
}
