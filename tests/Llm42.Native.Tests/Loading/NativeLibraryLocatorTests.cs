using Llm42.Native.Loading;

namespace Llm42.Native.Tests.Loading;

[TestClass]
public sealed class NativeLibraryLocatorTests
{
    [TestMethod]
    public void A_named_file_is_the_only_candidate()
    {
        using TemporaryFolder folder = new();
        string file = Path.Combine(folder.Path, "mine.so");
        CollectionAssert.AreEqual((string[])[file], NativeLibraryLocator.Candidates(file, ["app"]).ToArray());
    }

    [TestMethod]
    public void A_named_folder_holds_the_library_under_its_usual_name()
    {
        using TemporaryFolder folder = new();
        CollectionAssert.AreEqual(
            (string[])[Path.Combine(folder.Path, NativeLibraryLocator.FileName)],
            NativeLibraryLocator.Candidates(folder.Path, ["app"]).ToArray());
    }

    [TestMethod]
    public void Otherwise_the_order_is_beside_the_assembly_then_runtimes_then_the_system()
    {
        string[] candidates = [.. NativeLibraryLocator.Candidates(null, ["app"])];
        Assert.AreEqual(Path.Combine("app", NativeLibraryLocator.FileName), candidates[0]);
        Assert.StartsWith(Path.Combine("app", "runtimes"), candidates[1]);
        Assert.AreEqual(NativeLibraryLocator.FileName, candidates[^1]);
    }

    [TestMethod]
    public void A_failure_names_every_place_and_the_way_out()
    {
        using TemporaryFolder folder = new();
        string missing = Path.Combine(folder.Path, "missing.so");
        string broken = folder.Write("broken.so", "this is not a library");
        NativeLibraryNotFoundException failure = Assert.ThrowsExactly<NativeLibraryNotFoundException>(
            () => NativeLibraryLoader.Load([missing, broken]));
        Assert.Contains($"{missing}: no such file", failure.Message);
        Assert.Contains($"{broken}: ", failure.Message);
        Assert.Contains("./build.sh native", failure.Message);
        Assert.Contains(NativeLibraryLocator.PathVariable, failure.Message);
    }
}
