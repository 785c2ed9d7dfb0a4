using Llm42.Models;
using Llm42.Models.Rope;
using Llm42.Native;
using Llm42.Runtime;

namespace Llm42.Tests.Runtime;

[TestClass]
public sealed class KvCacheSizingTests
{
    // 2 (k and v) x 3 layers x 2 heads x 4 elements x 16 positions x 2 bytes.
    private const long PageBytes = 1536;
    private const double DefaultShare = 0.75;

    [TestMethod]
    public void All_sequences_get_a_full_context_where_memory_allows()
    {
        var sizing = KvCacheSizing.Of(Config(), Options(), 1 << 30, DefaultShare);
        Assert.AreEqual(new KvCacheSizing(100, 8 * 7, 57 * PageBytes), sizing);
    }

    [TestMethod]
    public void Memory_bounds_the_default_from_above_but_never_below_one_context()
    {
        Assert.AreEqual(29, KvCacheSizing.Of(Config(), Options(), 40 * PageBytes, DefaultShare).Pages);
        Assert.AreEqual(35, KvCacheSizing.Of(Config(), Options(), 40 * PageBytes, defaultShare: 0.9).Pages);
        Assert.AreEqual(7, KvCacheSizing.Of(Config(), Options(), 8 * PageBytes, DefaultShare).Pages);
        var error = Assert.ThrowsExactly<ArgumentException>(() => KvCacheSizing.Of(Config(), Options(), (8 * PageBytes) - 1, DefaultShare));
        Assert.Contains("one sequence of 100 positions takes 12 KiB (7 pages of 16 positions, 1.5 KiB each)", error.Message);
        Assert.Contains("12 KiB are available: that holds 6 pages, or a context of 96", error.Message);
    }

    [TestMethod]
    public void A_wish_is_met_or_refused()
    {
        Assert.AreEqual(3, KvCacheSizing.Of(Config(), Options() with { KvPages = 3 }, 1 << 30, DefaultShare).Pages);
        Assert.AreEqual(40, KvCacheSizing.Of(Config(), Options() with { MaxContext = 70 }, 1 << 30, DefaultShare).Pages);
        var error = Assert.ThrowsExactly<ArgumentException>(
            () => KvCacheSizing.Of(Config(), Options() with { KvPages = 1000 }, 1 << 20, DefaultShare));
        Assert.Contains("KvPages = 1000", error.Message);
    }

    [TestMethod]
    public void Values_out_of_range_are_named()
    {
        Refused(Options() with { MaxContext = 101 }, "MaxContext is 101; it must be 0 (the model's) or 1..100");
        Refused(Options() with { PageSize = 12 }, "PageSize is 12; it must be a power of two, 8..1024");
        Refused(Options() with { KvPages = -1 }, "KvPages is -1");
    }

    private static void Refused(ExecutorOptions options, string expected)
    {
        var error = Assert.ThrowsExactly<ArgumentException>(() => KvCacheSizing.Of(Config(), options, 1 << 30, DefaultShare));
        Assert.Contains(expected, error.Message);
    }

    private static ExecutorOptions Options() => new()
    {
        KvType = DType.Bf16,
        PageSize = 16,
        KvPages = 0,
        MaxContext = 0,
        MaxSequences = 8,
        MaxBatchTokens = 64,
    };

    private static ModelConfig Config() => new()
    {
        Architecture = "LlamaForCausalLM",
        VocabularySize = 32,
        HiddenSize = 16,
        IntermediateSize = 24,
        Layers = 3,
        QueryHeads = 4,
        KvHeads = 2,
        HeadSize = 4,
        MaxContext = 100,
        RmsNormEpsilon = 1e-5f,
        Rope = RopeConfig.Of(10000, 4, RopeScaling.None),
        TieWordEmbeddings = true,
        AttentionBias = false,
        MlpBias = false,
        Windows = [0, 0, 0],
        EosTokenIds = [],
    };
}
