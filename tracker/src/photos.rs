//! Photos beside the log: a signed command named each of them by its hash, so the log proves what they are and needs not carry them.
//!
//! A file's name is the hash of its bytes. What differs from its name is neither kept nor shown.

use crate::data_dir::write_durably;
use sealway_schemas::PhotoHash;
use sealway_schemas::photo::PhotoFormat;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Of one photo, in bytes.
pub const PHOTO_BYTES_LIMIT: usize = 8 * 1024 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum PhotoError {
    #[error("photo {found}: expected the bytes of {named}")]
    Differs { named: PhotoHash, found: PhotoHash },
    #[error("photo of {bytes} bytes: expected at most {PHOTO_BYTES_LIMIT}")]
    TooLarge { bytes: usize },
    #[error("photo: expected JPEG, PNG or WebP")]
    NotAPicture,
    #[error("photo: disk full")]
    DiskFull,
    /// On disk, not what is sent.
    #[error("photo {}: its bytes are of {found}", path.display())]
    Broken { path: PathBuf, found: PhotoHash },
    #[error("photo {}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("photos: the platform is stopping")]
    Stopped,
}

/// A photo as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo {
    pub format: PhotoFormat,
    pub bytes: Vec<u8>,
}

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Photos(Arc<Album>);

#[derive(Debug)]
struct Album {
    folder: PathBuf,
    /// One writer: two of the same photo would share what is not yet in place.
    writing: Mutex<()>,
}

impl Photos {
    pub(crate) fn open(folder: PathBuf) -> Result<Self, PhotoError> {
        std::fs::create_dir_all(&folder).map_err(|source| PhotoError::Io { path: folder.clone(), source })?;
        Ok(Self(Arc::new(Album { folder, writing: Mutex::default() })))
    }

    /// Keeps a photo that a command named. It is on disk when this returns; the same one again changes nothing. Whether somebody may
    /// bring it is asked before.
    pub async fn put(&self, named: PhotoHash, bytes: Vec<u8>) -> Result<(), PhotoError> {
        self.blocking(move |album| album.put(&named, &bytes)).await
    }

    /// Nothing where a photo was named and not brought yet.
    pub async fn get(&self, named: PhotoHash) -> Result<Option<Photo>, PhotoError> {
        self.blocking(move |album| read(&album.folder.join(named.as_str()))).await
    }

    /// Which of them are here.
    pub async fn kept(&self, named: Vec<PhotoHash>) -> Result<Vec<PhotoHash>, PhotoError> {
        self.blocking(move |album| Ok(named.into_iter().filter(|photo| album.folder.join(photo.as_str()).is_file()).collect())).await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Album) -> Result<T, PhotoError> + Send + 'static,
    ) -> Result<T, PhotoError> {
        let album = self.0.clone();
        tokio::task::spawn_blocking(move || work(&album)).await.unwrap_or(Err(PhotoError::Stopped))
    }
}

impl Album {
    fn put(&self, named: &PhotoHash, bytes: &[u8]) -> Result<(), PhotoError> {
        if bytes.len() > PHOTO_BYTES_LIMIT {
            return Err(PhotoError::TooLarge { bytes: bytes.len() });
        }
        PhotoFormat::of(bytes).ok_or(PhotoError::NotAPicture)?;
        let found = PhotoHash::of(bytes);
        if found != *named {
            return Err(PhotoError::Differs { named: named.clone(), found });
        }
        let path = self.folder.join(named.as_str());
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if path.is_file() {
            return Ok(());
        }
        write_durably(&path, bytes, 0o600).map_err(|source| match source.kind() {
            ErrorKind::StorageFull => PhotoError::DiskFull,
            _ => PhotoError::Io { path, source },
        })
    }
}

fn read(path: &Path) -> Result<Option<Photo>, PhotoError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(PhotoError::Io { path: path.to_owned(), source }),
    };
    let (found, format) = (PhotoHash::of(&bytes), PhotoFormat::of(&bytes));
    match format {
        Some(format) if path.file_name().is_some_and(|name| name == found.as_str()) => Ok(Some(Photo { format, bytes })),
        _ => Err(PhotoError::Broken { path: path.to_owned(), found }),
    }
}

/// The photos of a folder, in the order of their names; none where there is no folder. What a crash left half written is none.
pub(crate) fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let items = match std::fs::read_dir(folder) {
        Ok(items) => items,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = items.map(|item| item.map(|item| item.path())).collect::<Result<Vec<_>, _>>()?;
    files.retain(|path| path.extension().is_none());
    files.sort();
    Ok(files)
}

/// Faults of the photos of a folder, by file.
pub(crate) fn faults(folder: &Path) -> std::io::Result<Vec<(PathBuf, String)>> {
    let broken = |path: PathBuf| match read(&path) {
        Ok(_) => None,
        Err(PhotoError::Broken { found, .. }) => Some((path, format!("its bytes are of {found}, expected those that it is named by"))),
        Err(error) => Some((path, error.to_string())),
    };
    Ok(files(folder)?.into_iter().filter_map(broken).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICTURE: &[u8] = b"\xFF\xD8\xFF\xE0 a picture";

    fn album() -> (tempfile::TempDir, Photos) {
        let folder = tempfile::tempdir().unwrap();
        let photos = Photos::open(folder.path().join("photos")).unwrap();
        (folder, photos)
    }

    #[tokio::test]
    async fn a_photo_is_kept_once_under_what_it_is() {
        let (folder, photos) = album();
        let named = PhotoHash::of(PICTURE);
        assert_eq!(photos.get(named.clone()).await.unwrap(), None);
        for _ in 0..2 {
            photos.put(named.clone(), PICTURE.to_vec()).await.unwrap();
        }
        let kept = photos.get(named.clone()).await.unwrap().unwrap();
        assert_eq!((kept.format, kept.bytes.as_slice()), (PhotoFormat::Jpeg, PICTURE));
        let missing = PhotoHash::of(b"another");
        assert_eq!(photos.kept(vec![named.clone(), missing]).await.unwrap(), [named]);
        assert_eq!(files(&folder.path().join("photos")).unwrap().len(), 1);
    }

    #[tokio::test]
    async fn what_differs_from_its_name_or_is_no_picture_leaves_nothing() {
        let (folder, photos) = album();
        let named = PhotoHash::of(b"another");
        assert!(matches!(photos.put(named, PICTURE.to_vec()).await, Err(PhotoError::Differs { .. })));
        let page = b"<script>alert(1)</script>".to_vec();
        assert!(matches!(photos.put(PhotoHash::of(&page), page).await, Err(PhotoError::NotAPicture)));
        let large = [PICTURE, &vec![0; PHOTO_BYTES_LIMIT]].concat();
        assert!(matches!(photos.put(PhotoHash::of(&large), large).await, Err(PhotoError::TooLarge { .. })));
        assert!(files(&folder.path().join("photos")).unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_photo_that_changed_on_the_disk_is_not_shown_and_named() {
        let (folder, photos) = album();
        let named = PhotoHash::of(PICTURE);
        photos.put(named.clone(), PICTURE.to_vec()).await.unwrap();
        let path = folder.path().join("photos").join(named.as_str());
        std::fs::write(&path, b"\xFF\xD8\xFF\xE0 another").unwrap();
        assert!(matches!(photos.get(named).await, Err(PhotoError::Broken { .. })));
        let found = faults(&folder.path().join("photos")).unwrap();
        assert_eq!(found.len(), 1);
        assert!(found.first().unwrap().0 == path, "{found:?}");
    }
}
