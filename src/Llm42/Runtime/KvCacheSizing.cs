using Llm42.Models;
using Llm42.Native;

namespace Llm42.Runtime;

/// <summary>Decides how many KV pages to allocate, or says why a wish cannot be met.</summary>
/// <param name="MaxContext">Most positions of a sequence.</param>
/// <param name="Pages">Pages for sequences, without the scratch page.</param>
/// <param name="Bytes">Bytes of the whole cache.</param>
internal readonly record struct KvCacheSizing(int MaxContext, int Pages, long Bytes)
{
    /// <summary>Sizes the cache of a model.</summary>
    /// <param name="config">The model.</param>
    /// <param name="options">The wishes.</param>
    /// <param name="available">Bytes that may be allocated; 0 or less where the rest of the model takes all.</param>
    /// <param name="defaultShare">Part of that, above 0 and up to 1, which a cache may take whose size is not asked for.</param>
    public static KvCacheSizing Of(ModelConfig config, ExecutorOptions options, long available, double defaultShare)
    {
        if (options.MaxContext < 0 || options.MaxContext > config.MaxContext)
            throw new ArgumentException(
                $"MaxContext is {options.MaxContext}; it must be 0 (the model's) or 1..{config.MaxContext}.");
        if (options.PageSize is < 8 or > 1024 || !int.IsPow2(options.PageSize))
            throw new ArgumentException($"PageSize is {options.PageSize}; it must be a power of two, 8..1024.");
        if (options.KvPages < 0)
            throw new ArgumentException($"KvPages is {options.KvPages}; it must be 0 (automatic) or more.");

        var context = options.MaxContext == 0 ? config.MaxContext : options.MaxContext;
        var pageBytes = 2L * config.Layers * config.KvWidth * options.PageSize * options.KvType.ElementSize();
        var contextPages = (context + options.PageSize - 1) / options.PageSize;
        var pages = options.KvPages > 0
            ? options.KvPages
            : Math.Max(contextPages, Math.Min((long)contextPages * options.MaxSequences, PagesIn(available * defaultShare, pageBytes)));
        pages = Math.Min(pages, MaxPages(options.PageSize));
        if (pages < 1 || (pages + 1) * pageBytes > available)
            throw new ArgumentException(TooLarge(context, pages, pageBytes, options, available));
        return new KvCacheSizing(context, (int)pages, (pages + 1) * pageBytes);
    }

    private static long PagesIn(double available, long pageBytes) => ((long)available / pageBytes) - 1;

    // One page is added for scratch, and slots are 32-bit numbers.
    private static long MaxPages(int pageSize) => (int.MaxValue / pageSize) - 1;

    private static string TooLarge(int context, long pages, long pageBytes, ExecutorOptions options, long available)
    {
        available = Math.Max(0, available);
        var fitting = Math.Max(0, (available / pageBytes) - 1);
        var wish = options.KvPages > 0 ? $"KvPages = {options.KvPages}" : $"one sequence of {context} positions";
        return $"The KV cache for {wish} takes {ByteSize.Format((pages + 1) * pageBytes)} "
            + $"({pages} pages of {options.PageSize} positions, {ByteSize.Format(pageBytes)} each), but "
            + $"{ByteSize.Format(available)} are available: that holds {fitting} pages, or a context of "
            + $"{fitting * options.PageSize}. Set MaxContext or KvPages lower, or KvDtype to bf16.";
    }
}
