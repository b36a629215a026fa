<?php
// SPDX-License-Identifier: GPL-2.0-only
/*
 * This file, alone of all that is here, is under the GNU General Public License, version 2: it extends classes of Horde's library, which is under
 * that licence. Nothing of Tandem contains or calls it. The benchmark has PHP run it, as a program of its own, beside the library that the
 * system has installed; it uses of that library what its documentation offers to those who write drivers.
 *
 * An Exchange ActiveSync server made of the Horde framework's library (php-horde-activesync), for the benchmark alone: one user, one
 * folder of contacts, which are the vCards in a folder. Everything but the driver is the library's: the protocol, WBXML, and the
 * state in an SQLite database.
 *
 *   FOLDER=cards DATABASE=state.db php server.php                      makes the database
 *   FOLDER=cards DATABASE=state.db php -S 127.0.0.1:8080 server.php    serves
 *
 * Wherever there was a choice, it is the one that makes the server faster: cards are read by a dozen lines rather than by a whole
 * parser of iCalendar, no password is checked, nothing is logged, no policy is asked for.
 */

// The library is older than this PHP: its notices would stand within the answers.
error_reporting(E_ALL & ~E_DEPRECATED & ~E_WARNING & ~E_NOTICE);
ini_set('display_errors', 'stderr');
ini_set('memory_limit', '512M');
date_default_timezone_set('UTC');

require_once 'Horde/Autoloader/Default.php';

/** Cards is the driver: contacts in a folder of vCards. */
class Cards extends Horde_ActiveSync_Driver_Base
{
    const FOLDER = 'contacts';

    private function folder()
    {
        $folder = Horde_ActiveSync::messageFactory('Folder');
        $folder->serverid = $this->_getFolderUidForBackendId(self::FOLDER, Horde_ActiveSync::FOLDER_TYPE_CONTACT);
        $folder->_serverid = self::FOLDER;
        $folder->parentid = 0;
        $folder->type = Horde_ActiveSync::FOLDER_TYPE_CONTACT;
        $folder->displayname = 'Contacts';
        return $folder;
    }

    public function getFolder($id)
    {
        return $this->folder();
    }

    public function getFolders()
    {
        return array($this->folder());
    }

    public function getFolderList()
    {
        return array(array('id' => $this->folder()->serverid, 'mod' => 'Contacts', 'parent' => 0, 'serverid' => self::FOLDER));
    }

    public function statFolder($id, $parent = 0, $mod = null)
    {
        return array('id' => $id, 'mod' => 'Contacts', 'parent' => $parent, 'serverid' => self::FOLDER);
    }

    public function getServerChanges($folder, $from_ts, $to_ts, $cutoffdate, $ping)
    {
        $changes = array();
        foreach (scandir(getenv('FOLDER')) as $name) {
            $path = getenv('FOLDER') . '/' . $name;
            if (substr($name, -4) == '.vcf' && ($from_ts == 0 || filemtime($path) > $from_ts)) {
                $changes[] = array('id' => $name, 'type' => Horde_ActiveSync::CHANGE_TYPE_CHANGE,
                    'flags' => $from_ts == 0 ? Horde_ActiveSync::FLAG_NEWMESSAGE : 0);
            }
        }
        return $changes;
    }

    public function statMessage($folderId, $id)
    {
        return array('id' => $id, 'mod' => filemtime(getenv('FOLDER') . '/' . $id), 'flags' => 1);
    }

    public function getMessage($folderid, $id, array $collection)
    {
        $message = Horde_ActiveSync::messageFactory('Contact');
        $note = '';
        $text = file_get_contents(getenv('FOLDER') . '/' . $id);
        foreach (explode("\r\n", str_replace(array("\r\n ", "\r\n\t"), '', $text)) as $line) {
            if (strpos($line, ':') === false) {
                continue;
            }
            list($name, $value) = explode(':', $line, 2);
            $parts = array_map(array($this, 'unescape'), explode(';', $value));
            switch (strtoupper($name)) {
            case 'FN':
                $message->fileas = $parts[0];
                break;
            case 'N':
                $message->lastname = $parts[0];
                $message->firstname = $parts[1];
                break;
            case 'ORG':
                $message->companyname = $parts[0];
                $message->department = $parts[1];
                break;
            case 'TITLE':
                $message->jobtitle = $parts[0];
                break;
            case 'TEL;TYPE=WORK,VOICE':
                $message->businessphonenumber = $parts[0];
                break;
            case 'TEL;TYPE=CELL':
                $message->mobilephonenumber = $parts[0];
                break;
            case 'EMAIL;TYPE=INTERNET,WORK':
                $message->email1address = $parts[0];
                break;
            case 'ADR;TYPE=WORK':
                $message->businessstreet = $parts[2];
                $message->businesscity = $parts[3];
                $message->businesspostalcode = $parts[5];
                $message->businesscountry = $parts[6];
                break;
            case 'NOTE':
                $note = $this->unescape($value);
                break;
            case 'CATEGORIES':
                $message->categories = explode(',', $value);
                break;
            }
        }
        $body = Horde_ActiveSync::messageFactory('AirSyncBaseBody');
        $body->type = Horde_ActiveSync::BODYPREF_TYPE_PLAIN;
        $body->estimateddatasize = strlen($note);
        $body->truncated = 0;
        $body->data = $note;
        $message->airsyncbasebody = $body;
        return $message;
    }

    private function unescape($value)
    {
        return strtr($value, array('\\n' => "\n", '\\,' => ',', '\\;' => ';', '\\\\' => '\\'));
    }

    public function getUsernameFromEmail($email)
    {
        return $email;
    }

    public function getProvisioning()
    {
        return Horde_ActiveSync::PROVISIONING_NONE;
    }

    public function getHeartbeatConfig()
    {
        return array('heartbeatmin' => 60, 'heartbeatmax' => 2700, 'heartbeatdefault' => 480, 'deviceping' => true, 'waitinterval' => 10);
    }

    public function getWasteBasket($class)
    {
        return false;
    }

    // What a first sync does not need.

    private function unused()
    {
        throw new Horde_ActiveSync_Exception('not part of the benchmark');
    }

    public function deleteFolder($id, $parent = Horde_ActiveSync::FOLDER_ROOT) { $this->unused(); }
    public function changeFolder($id, $displayname, $parent, $uid = null) { $this->unused(); }
    public function moveMessage($folderid, array $ids, $newfolderid) { $this->unused(); }
    public function getSearchResults($type, array $query) { $this->unused(); }
    public function deleteMessage($folderid, array $ids) { $this->unused(); }
    public function changeMessage($folderid, $id, Horde_ActiveSync_Message_Base $message, $device) { $this->unused(); }
    public function setReadFlag($folderid, $uid, $flag) { $this->unused(); }
    public function sendMail($rfc822, $forward = null, $reply = null, $parent = null, $save = true) { $this->unused(); }
    public function getAttachment($name, array $options = array()) { $this->unused(); }
    public function itemOperationsGetAttachmentData($filereference) { $this->unused(); }
    public function itemOperationsFetchMailbox($longid, array $bodyprefs, $mimesupport) { $this->unused(); }
    public function itemOperationsGetDocumentLibraryLink($linkid, $cred) { $this->unused(); }
    public function statMailMessage($folderid, $id) { $this->unused(); }
    public function getSpecialFolderNameByType($type) { $this->unused(); }
    public function getCurrentPolicy() { $this->unused(); }
    public function getSettings(array $settings, $device) { $this->unused(); }
    public function setSettings(array $settings, $device) { $this->unused(); }
    public function autoDiscover() { $this->unused(); }
    public function resolveRecipient($type, $search, array $options = array()) { $this->unused(); }
    public function meetingResponse(array $response) { $this->unused(); }
    public function getFreebusy($user, array $options = array()) { $this->unused(); }
}

/** Silence makes loggers that write nothing. */
class Silence implements Horde_ActiveSync_Interface_LoggerFactory
{
    public function create($properties = array())
    {
        return new Horde_ActiveSync_Log_Logger(new Horde_Log_Handler_Null());
    }
}

$db = new Horde_Db_Adapter_Pdo_Sqlite(array('adapter' => 'pdo_sqlite', 'dbname' => getenv('DATABASE'), 'charset' => 'utf-8'));

if (php_sapi_name() == 'cli') {
    $migrator = new Horde_Db_Migration_Migrator($db, null, array('migrationsPath' => '/usr/share/php/data/Horde_ActiveSync/migration',
        'schemaTableName' => 'horde_activesync_schema_info'));
    $migrator->up();
    exit(0);
}

$state = new Horde_ActiveSync_State_Sql(array('db' => $db));
$server = new Horde_ActiveSync(new Cards(array('state' => $state)), new Horde_ActiveSync_Wbxml_Decoder(fopen('php://input', 'r')),
    new Horde_ActiveSync_Wbxml_Encoder(fopen('php://output', 'w')), $state, new Horde_Controller_Request_Http());
$server->setSupportedVersion(Horde_ActiveSync::VERSION_FOURTEENONE);
$server->setLogger(new Silence());
ob_start(null, 1048576);
try {
    $server->handleRequest($_GET['Cmd'], $_GET['DeviceId']);
} catch (Exception $e) {
    error_log($e);
    http_response_code(500);
}
