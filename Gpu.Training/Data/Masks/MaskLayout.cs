using Gpu.Training.Data.Masks.Coco;
using Gpu.Training.Images;

namespace Gpu.Training.Data.Masks;

/// <summary>The images of a folder, each with a mask.</summary>
internal abstract class MaskLayout
{
    /// <summary>The folder of the data, which may be below the given one.</summary>
    public abstract FolderTree Root { get; }

    /// <summary>The images.</summary>
    public abstract IReadOnlyList<ImageFile> Files { get; }

    /// <summary>What is not read, for the user.</summary>
    public abstract IReadOnlyList<string> Notes { get; }

    /// <summary>Whether a folder has images and masks. The masks are not read.</summary>
    public static bool IsMaskFolder(string path)
    {
        if (!Directory.Exists(path)) return false;
        var tree = FolderTree.Read(path);
        return CocoFolderLayout.IsIn(tree) || MaskFolderLayout.IsIn(tree);
    }

    /// <summary>Finds the files; null if the folder has no masks.</summary>
    /// <exception cref="DatasetException">An image or a mask is missing, or annotations cannot be used; the message lists all.</exception>
    public static MaskLayout? TryFind(FolderTree tree) => CocoFolderLayout.TryFind(tree) ?? (MaskLayout?)MaskFolderLayout.TryFind(tree);

    /// <summary>Reads the masks.</summary>
    /// <param name="files">The images.</param>
    /// <param name="transform">How the images were resized; null if they were not.</param>
    /// <param name="note">Receives what the user should know.</param>
    /// <returns>The labels of the pixels of each image, and the class names.</returns>
    /// <exception cref="DatasetException">Masks cannot be used; the message lists all.</exception>
    public abstract (byte[][] Masks, string[] ClassNames) Read(IReadOnlyList<ImageFile> files, ImageTransform? transform, Action<string>? note);

    /// <summary>The folder itself or one below it for which a condition holds, as archives often unpack into a folder of their own; null for none.</summary>
    protected static FolderTree? FindRoot(FolderTree tree, Func<FolderTree, bool> isRoot)
    {
        for (var depth = 0; depth < 4; depth++)
        {
            if (isRoot(tree)) return tree;
            if (tree.Folders.Where(folder => folder.ImageCount > 0).ToArray() is not [var only]) return null;
            tree = only;
        }

        return null;
    }
}
